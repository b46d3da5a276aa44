"""A WebSocket client that speaks graphql-transport-ws."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.transports.websocket import SUBPROTOCOL
from tests.api.support.access import BEARER

TIMEOUT_SECONDS = 30.0
"""Time to wait for a message before the test fails."""


@asynccontextmanager
async def open_websocket(url: str, **options: Any) -> AsyncIterator[ClientConnection]:
    """Open a socket whose connection is acknowledged."""
    async with connect(
        url.replace("http", "ws"), subprotocols=[Subprotocol(SUBPROTOCOL)], **options
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": BEARER}}))
        assert await receive(socket) == '{"type":"connection_ack"}'
        yield socket


async def receive(socket: ClientConnection) -> str | bytes:
    """Return the next message; raise TimeoutError if there is none in time."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        return await socket.recv()


def subscribe_message(id_: str, query: str) -> str:
    """Return the message that starts an operation."""
    return json.dumps({"type": "subscribe", "id": id_, "payload": {"query": query}})
