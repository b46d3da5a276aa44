"""When a client disconnects, its statements are canceled: over HTTP, SSE and WebSocket."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection

from schema.execution.executor import Executor
from tests.api.support.access import HOST
from tests.api.support.running_server import RawClient, RunningServer, connect, run_server
from tests.builders import OrganizationBuilder
from tests.reliability.support.statements import locked_tables, running_statements
from tests.reliability.support.websocket_client import open_websocket, receive, subscribe_message
from tests.schema.support.listener import ALL, write_events

LIST = "{ opportunities { nodes { name } } }"
CLOSE = 'mutation { closeOpportunity(input: {opportunityId: "opp_%s", outcome: {won: {}}}) { __typename } }'
ALL_AFTER = 'subscription { opportunitiesChanged(after: "0-0") { opportunity { id } } }'
CANCEL_SECONDS = 1.0
"""Time in which all statements have to end."""


async def test_a_disconnect_cancels_the_statements_of_the_client(
    app: Starlette, builder: OrganizationBuilder, postgresql_url: str
) -> None:
    await check_disconnects(app, builder, postgresql_url, rounds=2)


async def test_a_disconnect_cancels_the_statement_of_a_subscription(
    app: Starlette, executor: Executor, builder: OrganizationBuilder, postgresql_url: str
) -> None:
    opportunity_id = await builder.opportunity()
    await write_events(executor, builder, opportunity_id)
    async with run_server(app) as server, running_statements(postgresql_url) as statements:
        async with locked_tables(postgresql_url, "opportunity"):
            async with websocket(server) as socket:
                await socket.send(subscribe_message("1", ALL_AFTER))
                await statements.wait_for(1)
            async with asyncio.timeout(CANCEL_SECONDS):
                await statements.wait_for(0)
        async with websocket(server) as socket:
            await socket.send(subscribe_message("1", ALL_AFTER))
            event = json.loads(await receive(socket))

    assert event["payload"]["data"]["opportunitiesChanged"]["opportunity"] == {"id": f"opp_{opportunity_id}"}


@pytest.mark.long
async def test_a_thousand_disconnects_cancel_all_statements(
    app: Starlette, builder: OrganizationBuilder, postgresql_url: str
) -> None:
    await check_disconnects(app, builder, postgresql_url, rounds=125)


async def check_disconnects(app: Starlette, builder: OrganizationBuilder, url: str, rounds: int) -> None:
    """Send eight operations that wait for a lock, disconnect, and check that nothing runs; in each round."""
    mutation = CLOSE % await builder.opportunity()
    before = await builder.dump()
    async with run_server(app) as server, running_statements(url) as statements:
        for _ in range(rounds):
            async with locked_tables(url, "opportunity, event"):
                async with AsyncExitStack() as clients:
                    await send_operations(server, clients, mutation)
                    await statements.wait_for(8)
                async with asyncio.timeout(CANCEL_SECONDS):
                    await statements.wait_for(0)
        async with connect(server) as client:
            client.post_query(LIST)
            assert (await client.read_response())[0] == 200
    assert await builder.dump() == before


async def send_operations(server: RunningServer, clients: AsyncExitStack, mutation: str) -> None:
    plain: list[RawClient] = [await clients.enter_async_context(connect(server)) for _ in range(5)]
    for client, query in zip(plain, (LIST, LIST, mutation, LIST, ALL), strict=True):
        client.post_query(query, "text/event-stream" if client in plain[3:] else "application/json")
    socket = await clients.enter_async_context(websocket(server))
    for id_, query in enumerate((LIST, mutation, ALL)):
        await socket.send(subscribe_message(str(id_), query))


def websocket(server: RunningServer) -> AbstractAsyncContextManager[ClientConnection]:
    return open_websocket(f"http://{HOST}/graphql", host="127.0.0.1", port=server.port)
