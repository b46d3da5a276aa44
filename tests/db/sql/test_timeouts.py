"""Timeouts of statements, and of what they wait for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Integer, String, cast, func, literal, select, update

from db import models
from db.audit.events import START, events_after
from db.audit.seals import seal_entries
from db.auth.tokens import unrevoked_digests
from db.connect import open_database
from db.domain.enums import OpportunityState
from db.domain.errors import Unavailable
from db.guards.idempotency import delete_expired_keys
from db.opportunities.close import CloseOpportunity, close_opportunity
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from db.sql.timeouts import Timeouts
from tests.builders import NOW, OrganizationBuilder
from tests.db.sql.test_database import add, locked_by_another_program, names, open_transactions

SHORT = Timeouts(statement=0.2, acquire=0.2)
STOP_SECONDS = 1.0
"""Within which a statement has stopped after its timeout or a cancellation."""

_numbers = select(literal(1, Integer).label("number")).cte("counted", recursive=True)
_numbers = _numbers.union_all(select(_numbers.c.number + 1).where(_numbers.c.number < 1_000_000_000))
ENDLESS = {
    "sqlite": Statement(select(cast(func.count(_numbers.c.number), String).label("count"))),
    "postgresql": Statement(select(cast(func.pg_sleep(3600), String).label("slept"))),
}
"""A statement for each database that takes for ever; on PostgreSQL it sleeps."""

ONE = Statement(select(cast(literal(1, Integer), String).label("one")))
UPDATE = Statement(update(models.Opportunity).values(name="Quay crane"))


@asynccontextmanager
async def database_with(url: str, timeouts: Timeouts = SHORT) -> AsyncIterator[Database]:
    database = await open_database(url, timeouts)
    try:
        yield database
    finally:
        await database.close()


async def failure_of(work: Callable[[], Awaitable[Any]]) -> tuple[str, str, float]:
    """Return the code, the message and the seconds until the failure."""
    started = monotonic()
    with pytest.raises(Unavailable) as failure:
        await work()
    return failure.value.code, str(failure.value), monotonic() - started


async def test_a_statement_is_stopped_after_its_timeout(database_url: str) -> None:
    async with database_with(database_url) as database:
        code, message, seconds = await failure_of(lambda: database.json(ENDLESS[database.dialect.name], {}))

        assert (code, message) == (
            "TIMEOUT",
            "A database statement took too long and was stopped. Request less, or try again.",
        )
        assert 0.2 <= seconds < 0.2 + STOP_SECONDS
        assert await open_transactions(database_url) == 0
        assert await database.json(ONE, {}) == b"1"


async def test_a_write_whose_statement_times_out_changes_nothing(database_url: str) -> None:
    async def work(transaction: Transaction) -> None:
        await add(transaction, "Northwind Works")
        await transaction.rows(ENDLESS[database.dialect.name])

    async with database_with(database_url) as database:
        code, _, seconds = await failure_of(lambda: database.write(work))

        assert code == "TIMEOUT"
        assert seconds < 0.2 + STOP_SECONDS
        assert await names(database) == []
        await database.write(lambda transaction: add(transaction, "Southwind Works"))
        assert await names(database) == ["Southwind Works"]


async def test_statements_of_cancelled_reads_are_stopped(database: Database, database_url: str) -> None:
    reading = [asyncio.create_task(database.json(ENDLESS[database.dialect.name], {})) for _ in range(12)]
    await asyncio.sleep(0.1)
    for each in reading:
        each.cancel()

    async with asyncio.timeout(STOP_SECONDS):
        await asyncio.wait(reading)
        answers = await asyncio.gather(*(database.json(ONE, {}) for _ in range(12)))

    assert [each.cancelled() for each in reading] == [True] * 12
    assert answers == [b"1"] * 12
    assert await open_transactions(database_url) == 0


async def test_waiting_for_a_connection_times_out(database_url: str) -> None:
    async with database_with(database_url) as database:
        reading = [asyncio.create_task(database.json(ENDLESS[database.dialect.name], {})) for _ in range(30)]
        done, _ = await asyncio.wait(reading, timeout=5)

    messages = {str(each.exception()) for each in done}
    assert len(done) == 30
    assert [message for message in messages if "busy. Try again in a moment." in message]


async def test_waiting_for_a_lock_times_out(postgresql: Database, postgresql_url: str) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    await builder.opportunity(name="Harbour crane")
    before = await builder.dump()
    other = await asyncpg.connect(postgresql_url)
    try:
        short_wait = Timeouts(statement=5.0, acquire=0.2)
        async with database_with(postgresql_url, short_wait) as database, other.transaction():
            await other.execute("SELECT FROM opportunity FOR UPDATE")
            failure = await failure_of(lambda: database.write(lambda it: it.execute(UPDATE)))
    finally:
        await other.close()

    assert failure[:2] == (
        "TIMEOUT",
        "Another transaction is changing the same rows. Nothing was changed; try again.",
    )
    assert await builder.dump() == before


async def test_waiting_for_the_write_of_another_program_times_out(sqlite_url: str) -> None:
    async with database_with(sqlite_url) as database:
        with locked_by_another_program(sqlite_url):
            code, message, seconds = await failure_of(
                lambda: database.write(lambda it: add(it, "Northwind Works"))
            )

        assert (code, message) == (
            "UNAVAILABLE",
            "The embedded database refused the change: database is locked. Nothing was changed.",
        )
        assert seconds < 0.2 + STOP_SECONDS
        assert await names(database) == []


async def test_the_servers_own_work_goes_on_while_all_reads_of_callers_are_busy(database_url: str) -> None:
    async with database_with(database_url, Timeouts(statement=60, acquire=1.0)) as database:
        builder = await OrganizationBuilder.create(database)
        closing = CloseOpportunity(opportunity_id=await builder.opportunity(), outcome=OpportunityState.WON)
        await database.write(lambda it: close_opportunity(it, builder.caller, closing))
        callers = database.for_organization(builder.organization_id)
        endless = ENDLESS[database.dialect.name]
        reading = [asyncio.create_task(callers.json(endless, {})) for _ in range(12)]
        await asyncio.sleep(0.2)
        try:
            assert await seal_entries(database) == 1
            assert len(await events_after(database, START)) == 1
            assert await unrevoked_digests(database, ["unknown"]) == set()
            assert await delete_expired_keys(database, now=NOW) == 0
            assert sum(not each.done() for each in reading) >= 4
        finally:
            for each in reading:
                each.cancel()
            await asyncio.wait(reading)
