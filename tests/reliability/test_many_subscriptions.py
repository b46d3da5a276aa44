"""Many open subscriptions take little memory each and hardly delay queries."""

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

from tests.api.support.access import BEARER
from tests.builders import OrganizationBuilder
from tests.db.operations import close
from tests.reliability.support.server_process import ServerProcess, server_process
from tests.reliability.support.websocket_client import open_websocket, receive, subscribe_message

_log = logging.getLogger(__name__)

MAX_BYTES_PER_SUBSCRIPTION = 50 * 1024
MAX_QUERY_SECONDS = 0.020
SETTINGS = dict.fromkeys(
    ("limits__sockets", "limits__sockets_per_caller", "limits__subscriptions_per_caller", "connections"),
    "10010",
)
SUBSCRIPTION = "subscription { opportunitiesChanged { kind } }"
QUERY = {"query": "{ viewer { user { name } } }"}
RESPONSE = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}


@pytest.mark.parametrize("number", [500, pytest.param(10_000, marks=pytest.mark.long)])
async def test_subscriptions_take_little_memory_and_hardly_delay_queries(
    builder: OrganizationBuilder,
    postgresql_url: str,
    tmp_path: Path,
    number: int,
) -> None:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(server_process(postgresql_url, tmp_path, **SETTINGS))
        await server.wait_until_listening()
        http = await stack.enter_async_context(httpx2.AsyncClient(headers={"authorization": BEARER}))
        async with open_websocket(server.url) as first:
            await first.send(subscribe_message("1", SUBSCRIPTION))
            await query_seconds(http, server, 50)
        before = server.memory_bytes

        sockets = [await subscribe(stack, server) for _ in range(number)]
        each = (server.memory_bytes - before) / number
        seconds = median(await query_seconds(http, server, 200))
        await close(builder, await builder.opportunity())
        events = [json.loads(await receive(socket)) for socket in sockets]

    _log.info("%.1f KiB per subscription; a query takes %.1f ms", each / 1024, seconds * 1000)
    assert [message["payload"]["data"] for message in events] == [
        {"opportunitiesChanged": {"kind": "OPPORTUNITY_CLOSED"}}
    ] * number
    assert each <= MAX_BYTES_PER_SUBSCRIPTION
    assert seconds < MAX_QUERY_SECONDS


async def subscribe(stack: AsyncExitStack, server: ServerProcess) -> ClientConnection:
    socket = await stack.enter_async_context(open_websocket(server.url, ping_interval=None, compression=None))
    await socket.send(subscribe_message("1", SUBSCRIPTION))
    await socket.ping()
    return socket


async def query_seconds(http: httpx2.AsyncClient, server: ServerProcess, times: int) -> list[float]:
    """Return the seconds that each of these queries took."""
    seconds = []
    for _ in range(times):
        before = perf_counter()
        answer = await http.post(server.url, json=QUERY)
        seconds.append(perf_counter() - before)
        assert answer.json() == RESPONSE
        await asyncio.sleep(0)
    return seconds
