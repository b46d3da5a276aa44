"""Memory and open files do not grow under a mixed load."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import httpx2
import pytest

from tests.api.support.access import BEARER
from tests.builders import OrganizationBuilder
from tests.reliability.support.retrying_clients import RetryingClients
from tests.reliability.support.server_process import TIMEOUT_SECONDS, ServerProcess, server_process
from tests.reliability.support.websocket_client import open_websocket, receive, subscribe_message
from tests.schema.support.listener import ALL

_log = logging.getLogger(__name__)

MAX_GROWTH_BYTES = 4 * 2**20
"""Room for a few more cached documents."""

QUERY = {"query": "query($n: String) { opportunities(filter: {name: {eq: $n}}) { totalCount } }"}
SETTINGS = {"limits__bucket": "0"}


@pytest.mark.parametrize("seconds", [60, pytest.param(600, marks=pytest.mark.long)])
async def test_memory_and_files_stay_flat_under_a_mixed_load(
    builder: OrganizationBuilder,
    postgresql_url: str,
    tmp_path: Path,
    seconds: int,
) -> None:
    memory, files = [], []
    async with AsyncExitStack() as stack:
        server = stack.enter_context(server_process(postgresql_url, tmp_path, **SETTINGS))
        await server.wait_until_listening()
        http = await stack.enter_async_context(httpx2.AsyncClient(headers={"authorization": BEARER}))
        async with RetryingClients(server.url, builder, clients=2):
            stop = asyncio.Event()
            tasks = [asyncio.create_task(repeat(visit, http, server, stop)) for visit in VISITS]
            for _ in range(seconds * 2):
                await asyncio.sleep(0.5)
                memory.append(server.memory_bytes)
                files.append(server.open_files)
            stop.set()
            await asyncio.gather(*tasks)

    quarter = len(memory) // 4
    growth = median(memory[-quarter:]) - median(memory[quarter : 2 * quarter])
    _log.info("memory grew by %.1f MiB", growth / 2**20)
    assert growth < MAX_GROWTH_BYTES
    assert median(files[-quarter:]) <= median(files[quarter : 2 * quarter]) + 1


Visit = Callable[[httpx2.AsyncClient, ServerProcess, int], Awaitable[None]]


async def repeat(visit: Visit, http: httpx2.AsyncClient, server: ServerProcess, stop: asyncio.Event) -> None:
    number = 0
    while not stop.is_set():
        number += 1
        await visit(http, server, number)
        await asyncio.sleep(0.005)


async def send_query(http: httpx2.AsyncClient, server: ServerProcess, number: int) -> None:
    answer = await http.post(server.url, json={**QUERY, "variables": {"n": str(number)}})
    assert answer.json() == {"data": {"opportunities": {"totalCount": 0}}}


async def send_invalid_query(http: httpx2.AsyncClient, server: ServerProcess, number: int) -> None:
    answer = await http.post(server.url, json={"query": f"{{ nothing{number % 50} }}"})
    assert answer.json()["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


async def disconnect(_http: httpx2.AsyncClient, server: ServerProcess, _number: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    body = json.dumps(QUERY)
    head = f"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {BEARER}\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    writer.close()
    await writer.wait_closed()


async def send_invalid_http(_http: httpx2.AsyncClient, server: ServerProcess, _number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"nonsense\r\n\r\n")
    async with asyncio.timeout(TIMEOUT_SECONDS):
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()
    await writer.wait_closed()


async def subscribe(_http: httpx2.AsyncClient, server: ServerProcess, _number: int) -> None:
    async with open_websocket(server.url) as socket:
        await socket.send(subscribe_message("1", ALL))
        await receive(socket)


VISITS: tuple[Visit, ...] = (send_query, send_invalid_query, disconnect, send_invalid_http, subscribe)
