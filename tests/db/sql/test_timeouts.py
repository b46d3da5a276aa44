import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Integer, String, cast, func, literal, select, update

from db import models
from db.connect import open_database
from db.domain.errors import Unavailable
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from db.sql.timeouts import Timeouts
from tests.builders import OrganizationBuilder
from tests.db.sql.test_database import add, locked_by_another_program, names, open_transactions

SHORT = Timeouts(statement=0.2, acquire=0.2)
PROMPT = 1.0
"""Seconds in which a statement is gone that nobody waits for."""

_counted = select(literal(1, Integer).label("number")).cte("counted", recursive=True)
_counted = _counted.union_all(select(_counted.c.number + 1).where(_counted.c.number < 1_000_000_000))
FOR_EVER = {
    "sqlite": Statement(select(cast(func.count(_counted.c.number), String).label("count"))),
    "postgresql": Statement(select(cast(func.pg_sleep(3600), String).label("slept"))),
}
"""What takes too long, by the database's kind; where it can, it leaves the machine to others."""

AT_ONCE = Statement(select(cast(literal(1, Integer), String).label("one")))
TOUCH = Statement(update(models.Opportunity).values(name="Quay crane"))


@asynccontextmanager
async def hurried(url: str, timeouts: Timeouts = SHORT) -> AsyncIterator[Database]:
    database = await open_database(url, timeouts)
    try:
        yield database
    finally:
        await database.close()


async def told_after(act: Callable[[], Awaitable[Any]]) -> tuple[str, str, float]:
    """Return how something failed, and after how many seconds."""
    before = monotonic()
    with pytest.raises(Unavailable) as failure:
        await act()
    return failure.value.code, str(failure.value), monotonic() - before


async def test_a_statement_that_takes_too_long_is_stopped(database_url: str) -> None:
    async with hurried(database_url) as database:
        code, message, seconds = await told_after(lambda: database.json(FOR_EVER[database.dialect.name], {}))

        assert (code, message) == (
            "TIMEOUT",
            "The database took too long, so it was stopped. Ask for less, or try again.",
        )
        assert 0.2 <= seconds < 0.2 + PROMPT
        assert await open_transactions(database_url) == 0
        assert await database.json(AT_ONCE, {}) == b"1"


async def test_a_write_that_takes_too_long_is_stopped_and_changes_nothing(database_url: str) -> None:
    async def work(transaction: Transaction) -> None:
        await add(transaction, "Northwind Works")
        await transaction.rows(FOR_EVER[database.dialect.name])

    async with hurried(database_url) as database:
        code, _, seconds = await told_after(lambda: database.write(work))

        assert code == "TIMEOUT"
        assert seconds < 0.2 + PROMPT
        assert await names(database) == []
        await database.write(lambda transaction: add(transaction, "Southwind Works"))
        assert await names(database) == ["Southwind Works"]


async def test_reads_that_nobody_waits_for_are_stopped(database: Database, database_url: str) -> None:
    reading = [asyncio.create_task(database.json(FOR_EVER[database.dialect.name], {})) for _ in range(12)]
    await asyncio.sleep(0.1)
    for each in reading:
        each.cancel()

    async with asyncio.timeout(PROMPT):
        await asyncio.wait(reading)
        answers = await asyncio.gather(*(database.json(AT_ONCE, {}) for _ in range(12)))

    assert [each.cancelled() for each in reading] == [True] * 12
    assert answers == [b"1"] * 12
    assert await open_transactions(database_url) == 0


async def test_who_finds_every_connection_busy_is_told_so(database_url: str) -> None:
    async with hurried(database_url) as database:
        reading = [asyncio.create_task(database.json(FOR_EVER[database.dialect.name], {})) for _ in range(30)]
        done, _ = await asyncio.wait(reading, timeout=5)

    told = {str(each.exception()) for each in done}
    assert len(done) == 30
    assert [message for message in told if "busy. Try again in a moment." in message]


async def test_who_waits_too_long_for_somebody_elses_change_is_told_so(
    postgresql: Database, postgresql_url: str
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    await builder.opportunity(name="Harbour crane")
    before = await builder.dump()
    other = await asyncpg.connect(postgresql_url)
    try:
        impatient = Timeouts(statement=5.0, acquire=0.2)
        async with hurried(postgresql_url, impatient) as database, other.transaction():
            await other.execute("SELECT FROM opportunity FOR UPDATE")
            told = await told_after(lambda: database.write(lambda it: it.execute(TOUCH)))
    finally:
        await other.close()

    assert told[:2] == ("TIMEOUT", "Somebody else is changing the same. Nothing was changed; try again.")
    assert await builder.dump() == before


async def test_who_waits_too_long_for_another_program_is_told_so(sqlite_url: str) -> None:
    async with hurried(sqlite_url) as database:
        with locked_by_another_program(sqlite_url):
            code, message, seconds = await told_after(
                lambda: database.write(lambda it: add(it, "Northwind Works"))
            )

        assert (code, message) == (
            "UNAVAILABLE",
            "The embedded database can't take the change: database is locked. Nothing was changed.",
        )
        assert seconds < 0.2 + PROMPT
        assert await names(database) == []
