"""Many subscriptions at once: each takes little memory, and who asks beside them hardly notices."""

import asyncio
import json
import logging
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection

from db.sql.database import Database
from tests.api.support.access import BEARER, store_token
from tests.builders import OrganizationBuilder
from tests.db.operations import close
from tests.reliability.support.server_process import ServerProcess, serving
from tests.reliability.support.websocket_client import asked, conversing, heard

_log = logging.getLogger(__name__)

MOST_BYTES = 50 * 1024
MOST_SECONDS = 0.020
ROOM = dict.fromkeys(
    ("limits__sockets", "limits__sockets_per_caller", "limits__subscriptions_per_caller", "connections"),
    "10010",
)
SUBSCRIPTION = "subscription { opportunitiesChanged { kind } }"
QUESTION = {"query": "{ viewer { user { name } } }"}
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}


@pytest.mark.parametrize("number", [500, pytest.param(10_000, marks=pytest.mark.long)])
async def test_subscriptions_take_little_memory_and_little_time_from_others(
    postgresql: Database,
    postgresql_url: str,
    tmp_path: Path,
    number: int,
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    await store_token(builder)
    async with AsyncExitStack() as stack:
        server = stack.enter_context(serving(postgresql_url, tmp_path, **ROOM))
        await server.listens()
        http = await stack.enter_async_context(httpx2.AsyncClient(headers={"authorization": BEARER}))
        async with conversing(server.url) as first:
            await first.send(asked("1", SUBSCRIPTION))
            await asking(http, server, 50)
        before = server.memory

        sockets = [await subscribed(stack, server) for _ in range(number)]
        each = (server.memory - before) / number
        seconds = median(await asking(http, server, 200))
        await close(builder, await builder.opportunity())
        told = [json.loads(await heard(socket)) for socket in sockets]

    _log.info("%.1f KiB each; a query beside them takes %.1f ms", each / 1024, seconds * 1000)
    assert [message["payload"]["data"] for message in told] == [
        {"opportunitiesChanged": {"kind": "OPPORTUNITY_CLOSED"}}
    ] * number
    assert each <= MOST_BYTES
    assert seconds < MOST_SECONDS


async def subscribed(stack: AsyncExitStack, server: ServerProcess) -> ClientConnection:
    socket = await stack.enter_async_context(conversing(server.url, ping_interval=None, compression=None))
    await socket.send(asked("1", SUBSCRIPTION))
    await socket.ping()
    return socket


async def asking(http: httpx2.AsyncClient, server: ServerProcess, times: int) -> list[float]:
    """Return how many seconds each answer took."""
    seconds = []
    for _ in range(times):
        before = perf_counter()
        answer = await http.post(server.url, json=QUESTION)
        seconds.append(perf_counter() - before)
        assert answer.json() == ADA
        await asyncio.sleep(0)
    return seconds
