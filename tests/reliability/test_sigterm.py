"""On SIGTERM the server answers running requests, ends streams, and exits within its grace period."""

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
from tests.reliability.support.server_process import TIMEOUT_SECONDS, ServerProcess, server_process
from tests.reliability.support.statements import locked_tables, running_statements
from tests.reliability.support.websocket_client import open_websocket, subscribe_message
from tests.schema.support.listener import ALL

LIST = {"query": "{ opportunities { totalCount } }"}
CLOSE = 'mutation { closeOpportunity(input: {opportunityId: "opp_%s", outcome: {won: {}}}) { __typename } }'
CLOSED = {"data": {"closeOpportunity": {"__typename": "CloseOpportunitySuccess"}}}
RESTART_REASON = "The server is restarting. Reconnect, and resume after your last event."
GRACE_SECONDS = 4.0
HEADERS = {"authorization": BEARER}


@pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=pytest.mark.long)])
async def test_a_server_that_stops_answers_running_requests(
    builder: OrganizationBuilder, postgresql_url: str, tmp_path: Path, rounds: int
) -> None:
    for number in range(1, rounds + 1):
        opportunity_id = await builder.opportunity()
        async with AsyncExitStack() as stack:
            server = await start_server(stack, postgresql_url, tmp_path, drain_seconds="1")
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=HEADERS))
            socket = await stack.enter_async_context(open_websocket(server.url))
            idle = await stack.enter_async_context(open_websocket(server.url))
            await socket.send(subscribe_message("events", ALL))
            stream = asyncio.create_task(read_stream(http, server.url))
            await wait_for_stream(http, server.url)
            async with locked_tables(postgresql_url, "opportunity"):
                running = asyncio.create_task(http.post(server.url, json=LIST))
                await socket.send(subscribe_message("closing", CLOSE % opportunity_id))
                async with running_statements(postgresql_url) as statements:
                    await statements.wait_for(2)
                    server.terminate()
                    await wait_until_not_ready(http, server.url)
                    liveness = (await http.get(server.url.replace("graphql", "livez"))).status_code
                    await wait_until_refusing(server)

            assert liveness == 200
            assert (await running).json() == {"data": {"opportunities": {"totalCount": number}}}
            assert await receive_result(socket, "closing") == CLOSED
            assert await close_frame(socket) == await close_frame(idle) == (1012, RESTART_REASON)
            assert (await stream).endswith(":\n")
            assert await server.wait_for_exit() == 0
        assert await state_of(builder, opportunity_id) == "WON"


@pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=pytest.mark.long)])
async def test_requests_beyond_the_grace_period_fail_and_are_rolled_back(
    builder: OrganizationBuilder, postgresql_url: str, tmp_path: Path, rounds: int
) -> None:
    opportunity_id = await builder.opportunity()
    before = await builder.dump()
    for _ in range(rounds):
        async with AsyncExitStack() as stack:
            server = await start_server(stack, postgresql_url, tmp_path)
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=HEADERS))
            socket = await stack.enter_async_context(open_websocket(server.url))
            async with locked_tables(postgresql_url, "opportunity"):
                running = asyncio.create_task(http.post(server.url, json={"query": CLOSE % opportunity_id}))
                await socket.send(subscribe_message("closing", CLOSE % opportunity_id))
                async with running_statements(postgresql_url) as statements:
                    await statements.wait_for(2)
                    server.terminate()
                    terminated_at = monotonic()
                    status = await server.wait_for_exit()
                    seconds = monotonic() - terminated_at
                    await statements.wait_for(0)
            answer = await running

            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryAfter": 1}
            assert await close_frame(socket) == (1012, RESTART_REASON)
            assert status == 0
            assert seconds < GRACE_SECONDS
    assert await builder.dump() == before


async def start_server(stack: AsyncExitStack, url: str, data: Path, **settings: str) -> ServerProcess:
    server = stack.enter_context(server_process(url, data, grace_seconds=str(GRACE_SECONDS), **settings))
    await server.wait_until_listening()
    return server


async def read_stream(http: httpx2.AsyncClient, url: str) -> str:
    """Return the body of an event stream once it has ended."""
    headers = {"accept": "text/event-stream"}
    return (await http.post(url, json={"query": ALL}, headers=headers, timeout=30)).text


async def wait_for_stream(http: httpx2.AsyncClient, url: str) -> None:
    """Wait until the server has begun to answer earlier requests."""
    for _ in range(3):
        assert (await http.post(url, json=LIST)).status_code == 200


async def wait_until_not_ready(http: httpx2.AsyncClient, url: str) -> None:
    """Wait until the readiness probe fails."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while (await http.get(url.replace("graphql", "readyz"))).status_code == 200:  # noqa: ASYNC110 - it can only be polled
            await asyncio.sleep(0.02)


async def wait_until_refusing(server: ServerProcess) -> None:
    """Wait until the server refuses new connections."""
    # One that arrives while the server stops listening is reset instead of refused.
    with suppress(ConnectionRefusedError, ConnectionResetError):
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.close()
                await asyncio.sleep(0.02)


async def receive_result(socket: ClientConnection, id_: str) -> Any:
    """Return the next payload of an operation; skip the messages of others."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            message = json.loads(await socket.recv())
            if message["id"] == id_:
                return message["payload"]


async def close_frame(socket: ClientConnection) -> tuple[int, str]:
    """Wait for the server to close the socket; return code and reason."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code, str(socket.close_reason)


async def state_of(builder: OrganizationBuilder, opportunity_id: object) -> str:
    [row] = [row for row in (await builder.dump())["opportunity"] if row.id == opportunity_id]
    return str(row.state)
