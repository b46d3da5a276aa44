"""The database goes away and comes back: meanwhile everybody is told so in time, and afterwards nobody is."""

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
from tests.reliability.support.silent_connection import wired
from tests.schema.support.client import cached_schema

DEADLINES = Timeouts(statement=0.5, acquire=1.0)
LONGEST = 2 * DEADLINES.acquire + 0.5 + GRACE_SECONDS + 0.5
"""Seconds: for a connection and its turn, for a statement that is never answered, and for a slow machine."""

RECOVERY = 1.0
OUTAGE = 3.0
CLIENTS = 8
QUERY = "{ opportunities { totalCount nodes { name } } }"
CLOSE = (
    "mutation($id: ID!, $key: String!) {"
    " closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}, idempotencyKey: $key}) { __typename }"
    " }"
)
GONE = {"UNAVAILABLE"}


@dataclass(frozen=True)
class Told:
    """One answer: when it was asked for, how long it took, and what it was."""

    at: float
    seconds: float
    status: int
    codes: frozenset[str]
    retry_after: str | None


class Asking:
    """Clients that ask again and again, queries and mutations."""

    def __init__(self, http: httpx2.AsyncClient, opportunity_id: str) -> None:
        self.told: list[Told] = []
        self._http = http
        self._opportunity_id = opportunity_id
        self._keys = count()

    async def ask(self) -> None:
        """Ask on, a few times a second."""
        while True:
            number = next(self._keys)
            variables = {"id": self._opportunity_id, "key": str(number)}
            at = monotonic()
            question = {"query": QUERY} if number % 3 else {"query": CLOSE, "variables": variables}
            answer = await self._http.post("/graphql", json=question)
            codes = {error["extensions"]["code"] for error in answer.json().get("errors", [])}
            again = answer.headers.get("retry-after")
            self.told.append(Told(at, monotonic() - at, answer.status_code, frozenset(codes), again))
            await asyncio.sleep(0.05)


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Asking]:
    """Let clients ask while the block runs."""
    database = await open_database(url, DEADLINES)
    builder = await OrganizationBuilder.create(database)
    await store_token(builder)
    opportunity_id = f"opp_{await builder.opportunity()}"
    app = create_app(Executor(cached_schema(), database), database, access_policy(database))
    async with http_client(app) as http:
        clients = Asking(http, opportunity_id)
        tasks = [asyncio.create_task(clients.ask()) for _ in range(CLIENTS)]
        try:
            yield clients
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=30)
            await database.close()


async def outage(
    clients: Asking, begin: Callable[[], Awaitable[None]], end: Callable[[], Awaitable[None]]
) -> None:
    """Let the database go away and come back, and check what was told before, meanwhile and afterwards."""
    clients.told.clear()
    await asyncio.sleep(0.5)
    gone = monotonic()
    await begin()
    await asyncio.sleep(OUTAGE)
    await end()
    back = monotonic()
    await asyncio.sleep(LONGEST)

    told = clients.told
    assert {each.status for each in told if each.at + each.seconds < gone} == {200}
    assert {each.status for each in told if each.at > back + RECOVERY} == {200}
    refused = [each for each in told if each.codes]
    assert {(each.status, each.codes, each.retry_after) for each in refused} == {(503, frozenset(GONE), "1")}
    assert max(each.seconds for each in told) < LONGEST
    assert min(each.at + each.seconds for each in told if not each.codes and each.at > gone + 0.1) < (
        back + RECOVERY
    )


@pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.long)])
async def test_a_database_that_is_silent_is_unavailable_in_time_and_found_again(
    postgresql_url: str, rounds: int
) -> None:
    async with wired(postgresql_url) as (url, wire), asking(url) as clients:

        async def begin() -> None:
            wire.fall_silent()

        async def end() -> None:
            wire.mend()

        for _ in range(rounds):
            await outage(clients, begin, end)


@pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.long)])
async def test_a_database_that_is_stopped_is_unavailable_in_time_and_found_again(
    own_server: PostgresServer, rounds: int
) -> None:
    with own_server.database("deals") as url:
        await migrate(url)
        async with asking(url) as clients:
            for _ in range(rounds):
                await outage(
                    clients,
                    lambda: asyncio.to_thread(own_server.stop),
                    lambda: asyncio.to_thread(own_server.start),
                )


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that may be stopped without anybody else noticing."""
    with postgres_server() as server:
        yield server
