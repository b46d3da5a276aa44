"""Under a mixed load, memory and open files stay what they are."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import httpx2
import pytest

from db.sql.database import Database
from tests.api.support.access import BEARER, store_token
from tests.builders import OrganizationBuilder
from tests.reliability.support.sellers import Sellers
from tests.reliability.support.server_process import PATIENCE, ServerProcess, serving
from tests.reliability.support.websocket_client import asked, conversing, heard
from tests.schema.support.listener import ALL

_log = logging.getLogger(__name__)

MOST_GROWTH = 4 * 2**20
"""Bytes; what is kept of a few documents more takes as much."""

QUESTION = {"query": "query($n: String) { opportunities(filter: {name: {eq: $n}}) { totalCount } }"}
ROOM = {"limits__bucket": "0"}


@pytest.mark.parametrize("seconds", [60, pytest.param(600, marks=pytest.mark.long)])
async def test_memory_and_files_stay_flat_under_a_mixed_load(
    postgresql: Database,
    postgresql_url: str,
    tmp_path: Path,
    seconds: int,
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    await store_token(builder)
    memory, files = [], []
    async with AsyncExitStack() as stack:
        server = stack.enter_context(serving(postgresql_url, tmp_path, **ROOM))
        await server.listens()
        http = await stack.enter_async_context(httpx2.AsyncClient(headers={"authorization": BEARER}))
        async with Sellers(server.url, builder, clients=2):
            over = asyncio.Event()
            visitors = [asyncio.create_task(again(visit, http, server, over)) for visit in VISITS]
            for _ in range(seconds * 2):
                await asyncio.sleep(0.5)
                memory.append(server.memory)
                files.append(server.files)
            over.set()
            await asyncio.gather(*visitors)

    quarter = len(memory) // 4
    growth = median(memory[-quarter:]) - median(memory[quarter : 2 * quarter])
    _log.info("memory grew by %.1f MiB", growth / 2**20)
    assert growth < MOST_GROWTH
    assert median(files[-quarter:]) <= median(files[quarter : 2 * quarter]) + 1


Visit = Callable[[httpx2.AsyncClient, ServerProcess, int], Awaitable[None]]


async def again(visit: Visit, http: httpx2.AsyncClient, server: ServerProcess, over: asyncio.Event) -> None:
    number = 0
    while not over.is_set():
        number += 1
        await visit(http, server, number)
        await asyncio.sleep(0.005)


async def ask(http: httpx2.AsyncClient, server: ServerProcess, number: int) -> None:
    answer = await http.post(server.url, json={**QUESTION, "variables": {"n": str(number)}})
    assert answer.json() == {"data": {"opportunities": {"totalCount": 0}}}


async def be_refused(http: httpx2.AsyncClient, server: ServerProcess, number: int) -> None:
    answer = await http.post(server.url, json={"query": f"{{ nothing{number % 50} }}"})
    assert answer.json()["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


async def leave(_http: httpx2.AsyncClient, server: ServerProcess, _number: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    body = json.dumps(QUESTION)
    head = f"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {BEARER}\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    writer.close()
    await writer.wait_closed()


async def send_nonsense(_http: httpx2.AsyncClient, server: ServerProcess, _number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"nonsense\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()
    await writer.wait_closed()


async def listen(_http: httpx2.AsyncClient, server: ServerProcess, _number: int) -> None:
    async with conversing(server.url) as socket:
        await socket.send(asked("1", ALL))
        await heard(socket)


VISITS: tuple[Visit, ...] = (ask, be_refused, leave, send_nonsense, listen)
