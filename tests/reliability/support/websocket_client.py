"""Conversations over real WebSockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.transports.websocket import SUBPROTOCOL
from tests.api.support.access import BEARER

PATIENCE = 30.0
"""Seconds until a test fails whose server says nothing."""


@asynccontextmanager
async def conversing(url: str, **options: Any) -> AsyncIterator[ClientConnection]:
    """Open a socket that is ready for operations."""
    async with connect(
        url.replace("http", "ws"), subprotocols=[Subprotocol(SUBPROTOCOL)], **options
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": BEARER}}))
        assert await heard(socket) == '{"type":"connection_ack"}'
        yield socket


async def heard(socket: ClientConnection) -> str | bytes:
    """Return the next message; raise TimeoutError if there is none in time."""
    async with asyncio.timeout(PATIENCE):
        return await socket.recv()


def asked(id_: str, query: str) -> str:
    """Return the message that begins an operation."""
    return json.dumps({"type": "subscribe", "id": id_, "payload": {"query": query}})
