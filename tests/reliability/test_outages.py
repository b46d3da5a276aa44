"""During an outage of the database requests get UNAVAILABLE in time; afterwards they succeed again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from time import monotonic

import httpx2
import pytest

from api.app import create_app
from db.connect import open_database
from db.migrations.runner import migrate
from db.sql.timeouts import GRACE_SECONDS, Timeouts
from schema.execution.executor import Executor
from tests.api.support.access import access_policy, http_client, store_token
from tests.builders import OrganizationBuilder
from tests.postgres import PostgresServer, postgres_server
from tests.reliability.support.proxies import silent_proxy
from tests.schema.support.client import UNLIMITED, cached_schema

TIMEOUTS = Timeouts(statement=0.5, acquire=1.0)
MAX_RESPONSE_SECONDS = 2 * TIMEOUTS.acquire + 0.5 + GRACE_SECONDS + 0.5
"""Waits for a connection and its first use, a statement without answer, and 0.5 s for a slow machine."""

RECOVERY_SECONDS = 1.0
OUTAGE_SECONDS = 3.0
CLIENTS = 8
QUERY = "{ opportunities { totalCount nodes { name } } }"
CLOSE = (
    "mutation($id: ID!, $key: String!) {"
    " closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}, idempotencyKey: $key}) { __typename }"
    " }"
)


@dataclass(frozen=True)
class TimedResponse:
    """A response, with the time of its request and its duration."""

    sent_at: float
    seconds: float
    status: int
    codes: frozenset[str]
    retry_after: str | None


class LoadClients:
    """Clients that send queries and mutations in a loop."""

    def __init__(self, http: httpx2.AsyncClient, opportunity_id: str) -> None:
        self.responses: list[TimedResponse] = []
        self.stopped = False
        """A request whose COMMIT has begun outlives the cancellation of its client, which then goes on."""
        self._http = http
        self._opportunity_id = opportunity_id
        self._keys = count()

    async def run(self) -> None:
        """Send requests, with pauses of 50 ms."""
        while not self.stopped:
            number = next(self._keys)
            variables = {"id": self._opportunity_id, "key": str(number)}
            sent_at = monotonic()
            body = {"query": QUERY} if number % 3 else {"query": CLOSE, "variables": variables}
            answer = await self._http.post("/graphql", json=body)
            codes = {error["extensions"]["code"] for error in answer.json().get("errors", [])}
            retry_after = answer.headers.get("retry-after")
            self.responses.append(
                TimedResponse(
                    sent_at, monotonic() - sent_at, answer.status_code, frozenset(codes), retry_after
                )
            )
            await asyncio.sleep(0.05)


@asynccontextmanager
async def load_clients(url: str) -> AsyncIterator[LoadClients]:
    """Run clients while the block runs."""
    database = await open_database(url, TIMEOUTS)
    builder = await OrganizationBuilder.create(database)
    await store_token(builder)
    opportunity_id = f"opp_{await builder.opportunity()}"
    app = create_app(Executor(cached_schema(), database, limits=UNLIMITED), database, access_policy(database))
    async with http_client(app) as http:
        clients = LoadClients(http, opportunity_id)
        tasks = [asyncio.create_task(clients.run()) for _ in range(CLIENTS)]
        try:
            yield clients
        finally:
            clients.stopped = True
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=30)
            await database.close()


async def check_outage(
    clients: LoadClients, begin: Callable[[], Awaitable[None]], end: Callable[[], Awaitable[None]]
) -> None:
    """Begin and end an outage, and check the responses before, during and after it."""
    clients.responses.clear()
    await asyncio.sleep(0.5)
    began = monotonic()
    await begin()
    await asyncio.sleep(OUTAGE_SECONDS)
    await end()
    ended = monotonic()
    await asyncio.sleep(MAX_RESPONSE_SECONDS)

    responses = clients.responses
    assert {each.status for each in responses if each.sent_at + each.seconds < began} == {200}
    assert {each.status for each in responses if each.sent_at > ended + RECOVERY_SECONDS} == {200}
    refused = [each for each in responses if each.codes]
    assert {(each.status, each.codes, each.retry_after) for each in refused} == {
        (503, frozenset({"UNAVAILABLE"}), "1")
    }
    assert max(each.seconds for each in responses) < MAX_RESPONSE_SECONDS
    assert min(
        each.sent_at + each.seconds for each in responses if not each.codes and each.sent_at > began + 0.1
    ) < (ended + RECOVERY_SECONDS)


@pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.long)])
async def test_requests_fail_in_time_while_the_database_is_silent_and_succeed_afterwards(
    postgresql_url: str, rounds: int
) -> None:
    async with silent_proxy(postgresql_url) as (url, proxy), load_clients(url) as clients:

        async def begin() -> None:
            proxy.silence()

        async def end() -> None:
            proxy.restore()

        for _ in range(rounds):
            await check_outage(clients, begin, end)


@pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.long)])
async def test_requests_fail_in_time_while_the_database_is_stopped_and_succeed_afterwards(
    own_server: PostgresServer, rounds: int
) -> None:
    with own_server.database("dealdesk") as url:
        await migrate(url)
        async with load_clients(url) as clients:
            for _ in range(rounds):
                await check_outage(
                    clients,
                    lambda: asyncio.to_thread(own_server.stop),
                    lambda: asyncio.to_thread(own_server.start),
                )


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that no other test uses, so that a test may stop it."""
    with postgres_server() as server:
        yield server
