"""A client that goes away leaves nothing running, however it was connected."""

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
from tests.reliability.support.statements import locked, watching
from tests.reliability.support.websocket_client import asked, conversing, heard
from tests.schema.support.listener import ALL, write_events

LIST = "{ opportunities { nodes { name } } }"
CLOSE = 'mutation { closeOpportunity(input: {opportunityId: "opp_%s", outcome: {won: {}}}) { __typename } }'
ALL_AFTER = 'subscription { opportunitiesChanged(after: "0-0") { opportunity { id } } }'
PROMPT = 1.0
"""Seconds in which everything is gone."""


async def test_a_client_that_goes_away_leaves_no_statement_running(
    app: Starlette, builder: OrganizationBuilder, postgresql_url: str
) -> None:
    await goes_away(app, builder, postgresql_url, rounds=2)


async def test_a_listener_that_goes_away_leaves_no_statement_running(
    app: Starlette, executor: Executor, builder: OrganizationBuilder, postgresql_url: str
) -> None:
    opportunity_id = await builder.opportunity()
    await write_events(executor, builder, opportunity_id)
    async with run_server(app) as place, watching(postgresql_url) as database:
        async with locked(postgresql_url, "opportunity"):
            async with talking(place) as socket:
                await socket.send(asked("1", ALL_AFTER))
                await database.until(1)
            async with asyncio.timeout(PROMPT):
                await database.until(0)
        async with talking(place) as socket:
            await socket.send(asked("1", ALL_AFTER))
            told = json.loads(await heard(socket))

    assert told["payload"]["data"]["opportunitiesChanged"]["opportunity"] == {"id": f"opp_{opportunity_id}"}


@pytest.mark.long
async def test_a_thousand_clients_that_go_away_leave_no_statement_running(
    app: Starlette, builder: OrganizationBuilder, postgresql_url: str
) -> None:
    await goes_away(app, builder, postgresql_url, rounds=125)


async def goes_away(app: Starlette, builder: OrganizationBuilder, url: str, rounds: int) -> None:
    """Let eight clients ask what is kept waiting, and leave; round after round."""
    mutation = CLOSE % await builder.opportunity()
    before = await builder.dump()
    async with run_server(app) as place, watching(url) as database:
        for _ in range(rounds):
            async with locked(url, "opportunity, event"):
                async with AsyncExitStack() as clients:
                    await ask(place, clients, mutation)
                    await database.until(8)
                async with asyncio.timeout(PROMPT):
                    await database.until(0)
        async with connect(place) as client:
            client.post_query(LIST)
            assert (await client.read_response())[0] == 200
    assert await builder.dump() == before


async def ask(place: RunningServer, clients: AsyncExitStack, mutation: str) -> None:
    plain: list[RawClient] = [await clients.enter_async_context(connect(place)) for _ in range(5)]
    for client, query in zip(plain, (LIST, LIST, mutation, LIST, ALL), strict=True):
        client.post_query(query, "text/event-stream" if client in plain[3:] else "application/json")
    socket = await clients.enter_async_context(talking(place))
    for id_, query in enumerate((LIST, mutation, ALL)):
        await socket.send(asked(str(id_), query))


def talking(place: RunningServer) -> AbstractAsyncContextManager[ClientConnection]:
    return conversing(f"http://{HOST}/graphql", host="127.0.0.1", port=place.port)
