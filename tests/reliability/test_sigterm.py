"""SIGTERM: what was asked is answered, what would go on for ever is ended, and the server is gone in time."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection

from tests.api.support.access import BEARER
from tests.builders import OrganizationBuilder
from tests.reliability.support.server_process import PATIENCE, ServerProcess, serving
from tests.reliability.support.statements import locked, watching
from tests.reliability.support.websocket_client import asked, conversing
from tests.schema.support.listener import ALL

LIST = {"query": "{ opportunities { totalCount } }"}
CLOSE = 'mutation { closeOpportunity(input: {opportunityId: "opp_%s", outcome: {won: {}}}) { __typename } }'
CLOSED = {"data": {"closeOpportunity": {"__typename": "CloseOpportunitySuccess"}}}
RESTARTS = "The server is restarting. Reconnect, and resume after your last event."
GRACE = 4.0
HEADERS = {"authorization": BEARER}


@pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=pytest.mark.long)])
async def test_a_server_that_stops_answers_what_it_was_asked(
    builder: OrganizationBuilder, postgresql_url: str, tmp_path: Path, rounds: int
) -> None:
    for number in range(1, rounds + 1):
        opportunity_id = await builder.opportunity()
        async with AsyncExitStack() as stack:
            server = await started(stack, postgresql_url, tmp_path, drain_seconds="1")
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=HEADERS))
            socket = await stack.enter_async_context(conversing(server.url))
            idle = await stack.enter_async_context(conversing(server.url))
            await socket.send(asked("events", ALL))
            streaming = asyncio.create_task(streamed(http, server.url))
            await streaming_begun(http, server.url)
            async with locked(postgresql_url, "opportunity"):
                asking = asyncio.create_task(http.post(server.url, json=LIST))
                await socket.send(asked("closing", CLOSE % opportunity_id))
                async with watching(postgresql_url) as statements:
                    await statements.until(2)
                    server.terminate()
                    await not_ready(http, server.url)
                    liveness = (await http.get(server.url.replace("graphql", "livez"))).status_code
                    await refusing(server)

            assert liveness == 200
            assert (await asking).json() == {"data": {"opportunities": {"totalCount": number}}}
            assert await told(socket, "closing") == CLOSED
            assert await closing(socket) == await closing(idle) == (1012, RESTARTS)
            assert (await streaming).endswith(":\n")
            assert await server.ends() == 0
        assert await state_of(builder, opportunity_id) == "WON"


@pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=pytest.mark.long)])
async def test_what_takes_longer_than_the_grace_time_is_told_so_and_undone(
    builder: OrganizationBuilder, postgresql_url: str, tmp_path: Path, rounds: int
) -> None:
    opportunity_id = await builder.opportunity()
    before = await builder.dump()
    for _ in range(rounds):
        async with AsyncExitStack() as stack:
            server = await started(stack, postgresql_url, tmp_path)
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=HEADERS))
            socket = await stack.enter_async_context(conversing(server.url))
            async with locked(postgresql_url, "opportunity"):
                asking = asyncio.create_task(http.post(server.url, json={"query": CLOSE % opportunity_id}))
                await socket.send(asked("closing", CLOSE % opportunity_id))
                async with watching(postgresql_url) as statements:
                    await statements.until(2)
                    server.terminate()
                    at = monotonic()
                    status = await server.ends()
                    seconds = monotonic() - at
                    await statements.until(0)
            answer = await asking

            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryAfter": 1}
            assert await closing(socket) == (1012, RESTARTS)
            assert status == 0
            assert seconds < GRACE
    assert await builder.dump() == before


async def started(stack: AsyncExitStack, url: str, data: Path, **settings: str) -> ServerProcess:
    server = stack.enter_context(serving(url, data, grace_seconds=str(GRACE), **settings))
    await server.listens()
    return server


async def streamed(http: httpx2.AsyncClient, url: str) -> str:
    """Return all that a stream of events tells until it ends."""
    headers = {"accept": "text/event-stream"}
    return (await http.post(url, json={"query": ALL}, headers=headers, timeout=30)).text


async def streaming_begun(http: httpx2.AsyncClient, url: str) -> None:
    """Wait until what was sent before is being answered."""
    for _ in range(3):
        assert (await http.post(url, json=LIST)).status_code == 200


async def not_ready(http: httpx2.AsyncClient, url: str) -> None:
    """Wait until a load balancer is told to send nobody there."""
    async with asyncio.timeout(PATIENCE):
        while (await http.get(url.replace("graphql", "readyz"))).status_code == 200:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.02)


async def refusing(server: ServerProcess) -> None:
    """Wait until there are no new connections."""
    # One that arrives while the server stops listening is reset instead of refused.
    with suppress(ConnectionRefusedError, ConnectionResetError):
        async with asyncio.timeout(PATIENCE):
            while True:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.close()
                await asyncio.sleep(0.02)


async def told(socket: ClientConnection, id_: str) -> Any:
    """Return what an operation came to; what others tell in between is left out."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = json.loads(await socket.recv())
            if message["id"] == id_:
                return message["payload"]


async def closing(socket: ClientConnection) -> tuple[int, str]:
    """Return why the server closes the socket."""
    async with asyncio.timeout(PATIENCE):
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code, str(socket.close_reason)


async def state_of(builder: OrganizationBuilder, opportunity_id: object) -> str:
    [row] = [row for row in (await builder.dump())["opportunity"] if row.id == opportunity_id]
    return str(row.state)
