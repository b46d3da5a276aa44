"""Reads, writes that are tried again, refusals and cancellations, on both databases."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import String, cast, func, select, update

from db import models
from db.connect import POSTGRES_SCHEMES, open_database, sqlite_path
from db.domain.errors import Refusal, RuleViolation, Unavailable
from db.domain.ids import new_id
from db.sql.database import (
    MAX_ATTEMPTS,
    MAX_SAME_VIOLATIONS,
    ConcurrentWrite,
    ConstraintViolation,
    Database,
    Transaction,
)
from db.sql.statements import Statement, insert_statement
from db.sqlite.connection import connect
from tests.builders import NOW
from tests.schema.support.listener import TIMEOUT_SECONDS, wait_until

Organization: Any = models.Organization

INSERT = insert_statement(Organization)
NAMES = Statement(select(Organization.name).order_by(Organization.name))
VERSIONS = Statement(select(Organization.name, Organization.version).order_by(Organization.name))
SECOND_VERSION = Statement(update(Organization).values(version=2))
COUNT = Statement(select(cast(func.count(Organization.id), String).label("count")))


async def test_a_write_returns_the_result_of_its_function_and_is_committed(database: Database) -> None:
    async def work(transaction: Transaction) -> str:
        await add(transaction, "Northwind Works")
        return "done"

    assert await database.write(work) == "done"
    assert await names(database) == ["Northwind Works"]


async def test_a_write_that_raises_changes_nothing(database: Database) -> None:
    async def work(transaction: Transaction) -> None:
        await add(transaction, "Northwind Works")
        raise LookupError("a fault in the function")

    with pytest.raises(LookupError, match="a fault in the function"):
        await database.write(work)
    assert await names(database) == []


async def test_a_refused_write_changes_nothing(database: Database) -> None:
    with pytest.raises(RuleViolation, match="not today"):
        await database.write(add_and_refuse)
    assert await names(database) == []


async def test_on_refusal_reads_in_the_transaction_before_it_is_rolled_back(
    database: Database,
) -> None:
    async def on_refusal(transaction: Transaction, refusal: Refusal) -> tuple[str, list[Any]]:
        return refusal.code, await transaction.rows(NAMES)

    answer = await database.write(add_and_refuse, on_refusal=on_refusal)
    assert answer == ("NOT_TODAY", [("Northwind Works",)])
    assert await names(database) == []


async def test_a_write_that_breaks_a_constraint_is_tried_again_from_the_start(database: Database) -> None:
    taken = new_id()
    ids = iter([taken, new_id()])
    await database.write(lambda transaction: add(transaction, "First", taken))

    async def work(transaction: Transaction) -> None:
        await add(transaction, "Second")
        await add(transaction, "Third", next(ids))

    await database.write(work)
    assert await names(database) == ["First", "Second", "Third"]


async def test_a_write_that_always_meets_others_fails_and_changes_nothing(
    database: Database,
) -> None:
    runs = []

    async def work(transaction: Transaction) -> None:
        runs.append(1)
        await add(transaction, "Northwind Works")
        raise ConcurrentWrite

    with pytest.raises(Unavailable, match="Too many changes at the same time"):
        await database.write(work)
    assert (len(runs), database.retry_counter.retries) == (MAX_ATTEMPTS, MAX_ATTEMPTS - 1)
    assert await names(database) == []


async def test_pool_stats_count_busy_connections_and_waiting_tasks(database: Database) -> None:
    is_over = asyncio.Event()
    writes = [
        asyncio.create_task(database.write(lambda _: asyncio.wait_for(is_over.wait(), TIMEOUT_SECONDS)))
        for _ in range(11)
    ]
    busy, waiting = {"sqlite": (1, 10), "postgresql": (6, 5)}[database.dialect.name]
    await wait_until(lambda: (database.pool_stats().busy, database.pool_stats().waiting) == (busy, waiting))
    is_over.set()
    await asyncio.gather(*writes)

    assert (database.pool_stats().busy, database.pool_stats().waiting) == (0, 0)


async def test_reads_do_not_wait_for_writes(database: Database) -> None:
    is_over = asyncio.Event()
    writes = [
        asyncio.create_task(database.write(lambda _: asyncio.wait_for(is_over.wait(), TIMEOUT_SECONDS)))
        for _ in range(20)
    ]
    await asyncio.sleep(0.1)
    try:
        async with asyncio.timeout(5):
            assert await database.json(COUNT, {}) == b"0"
    finally:
        is_over.set()
        await asyncio.gather(*writes)


async def test_a_write_that_always_breaks_a_constraint_fails_and_changes_nothing(
    database: Database,
) -> None:
    runs = []

    async def work(transaction: Transaction) -> None:
        runs.append(1)
        id_ = new_id()
        await add(transaction, "First", id_)
        await add(transaction, "Second", id_)

    with pytest.raises(ConstraintViolation, match="organization"):
        await database.write(work)
    assert len(runs) == MAX_SAME_VIOLATIONS
    assert await names(database) == []


async def test_rows_are_visible_to_others_after_the_commit(database: Database) -> None:
    async def work(transaction: Transaction) -> tuple[bytes | None, bytes | None]:
        await add(transaction, "Northwind Works")
        return await transaction.json(COUNT, {}), await database.json(COUNT, {})

    assert await database.write(work) == (b"1", b"0")
    assert await database.json(COUNT, {}) == b"1"


async def test_execute_returns_the_number_of_changed_rows(database: Database) -> None:
    async def work(transaction: Transaction) -> tuple[int, int]:
        await transaction.execute_many(INSERT, [organization(name) for name in ("A", "B", "C")])
        return (
            await transaction.execute(Statement(update(Organization).values(version=2))),
            await transaction.execute(
                Statement(update(Organization).values(version=3).where(Organization.name == "D"))
            ),
        )

    assert await database.write(work) == (3, 0)


async def test_an_update_is_visible_to_the_next_statement(database: Database) -> None:
    async def work(transaction: Transaction) -> list[tuple[str, int]]:
        await add(transaction, "Northwind Works")
        await transaction.update_exactly(SECOND_VERSION)
        await transaction.execute_many(INSERT, [organization("Southwind Works")])
        return await transaction.rows(VERSIONS)

    assert await database.write(work) == [("Northwind Works", 2), ("Southwind Works", 1)]


@pytest.mark.parametrize("expected", [0, 2])
async def test_an_update_of_more_or_fewer_rows_than_expected_is_a_concurrent_write(
    database: Database, expected: int
) -> None:
    async def change() -> None:
        async with database.transaction() as transaction:
            await transaction.update_exactly(SECOND_VERSION, expected)
            await transaction.execute_many(INSERT, [organization("Southwind Works")])

    await database.write(lambda transaction: add(transaction, "Northwind Works"))
    with pytest.raises(ConcurrentWrite):
        await change()
    assert await database.rows(VERSIONS) == [("Northwind Works", 1)]


async def test_row_returns_none_if_there_is_no_row(database: Database) -> None:
    assert await database.write(lambda transaction: transaction.row(NAMES)) is None


async def test_a_write_that_is_cancelled_changes_nothing(database: Database, database_url: str) -> None:
    begun = asyncio.Event()

    async def work(transaction: Transaction) -> None:
        await add(transaction, "Northwind Works")
        begun.set()
        await asyncio.sleep(TIMEOUT_SECONDS)

    writing = asyncio.create_task(database.write(work))
    await asyncio.wait_for(begun.wait(), TIMEOUT_SECONDS)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await open_transactions(database_url) == 0
    assert await names(database) == []


async def test_a_write_cancelled_at_any_step_is_committed_only_if_it_returns(
    database: Database, database_url: str
) -> None:
    async def work(transaction: Transaction) -> None:
        await add(transaction, "Northwind Works")
        await add(transaction, "Southwind Works")

    done = 0
    for steps in (*range(20), *range(20, 2000, 40)):  # SQLite is done after a few, PostgreSQL after many
        writing = asyncio.create_task(database.write(work))
        for _ in range(steps):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait([writing], timeout=TIMEOUT_SECONDS)
        assert await open_transactions(database_url) == 0
        await database.write(work)
        done += 1 if writing.cancelled() else 2
    assert len(await names(database)) == 2 * done


async def test_writes_on_sqlite_run_one_at_a_time_in_the_order_of_arrival(sqlite: Database) -> None:
    steps = []

    async def write(number: int) -> None:
        async def work(transaction: Transaction) -> None:
            steps.append((number, "begins"))
            await add(transaction, "Northwind Works")
            steps.append((number, "ends"))

        await sqlite.write(work)

    await asyncio.gather(*(write(number) for number in range(5)))
    assert steps == [(number, step) for number in range(5) for step in ("begins", "ends")]


async def test_a_write_on_sqlite_waits_for_another_program(sqlite: Database, sqlite_url: str) -> None:
    with locked_by_another_program(sqlite_url):
        writing = asyncio.create_task(sqlite.write(lambda transaction: add(transaction, "Northwind Works")))
        await asyncio.wait([writing], timeout=0.1)
        assert not writing.done()
    await writing
    assert await names(sqlite) == ["Northwind Works"]


async def test_a_write_on_sqlite_cancelled_while_it_waits_for_another_program_changes_nothing(
    sqlite: Database, sqlite_url: str
) -> None:
    with locked_by_another_program(sqlite_url):
        writing = asyncio.create_task(sqlite.write(lambda transaction: add(transaction, "Northwind Works")))
        await asyncio.wait([writing], timeout=0.1)
        writing.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([writing], timeout=TIMEOUT_SECONDS)
    assert writing.cancelled()
    assert await open_transactions(sqlite_url) == 0
    assert await names(sqlite) == []


@pytest.mark.parametrize(
    "url",
    ["postgresql://127.0.0.1:1/nowhere", "sqlite:////nowhere/dealdesk.db"],
    ids=["postgresql", "sqlite"],
)
async def test_a_database_that_does_not_exist_is_unavailable(url: str) -> None:
    with pytest.raises(Unavailable):
        await open_database(url)


@pytest.mark.parametrize(
    "url", ["mysql://localhost/dealdesk", "dealdesk.db", "sqlite:///", "sqlite:///:memory:"]
)
async def test_a_url_of_another_kind_is_an_error(url: str) -> None:
    with pytest.raises(ValueError, match=r"write postgresql://user:password@host/database or sqlite:///path"):
        await open_database(url)


@contextmanager
def locked_by_another_program(url: str) -> Iterator[None]:
    with closing(connect(str(sqlite_path(url)))) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


async def open_transactions(url: str) -> int:
    """Count the open transactions of other connections.

    PostgreSQL rolls the transaction of a terminated connection back a moment later, so wait for that.
    """
    if not url.startswith(POSTGRES_SCHEMES):
        with closing(sqlite3.connect(sqlite_path(url), timeout=1, isolation_level=None)) as sqlite:
            try:
                sqlite.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return 1
            return 0
    connection = await asyncpg.connect(url)
    try:
        for _ in range(100):
            count = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend' AND state <> 'idle'"
            )
            if count == 0:
                break
            await asyncio.sleep(0.02)
        return int(count)
    finally:
        await connection.close()


async def add(transaction: Transaction, name: str, id_: Any = None) -> None:
    await transaction.execute(INSERT, **organization(name, id_))


def organization(name: str, id_: Any = None) -> dict[str, Any]:
    return {"id": id_ or new_id(), "name": name, "version": 1, "created_at": NOW}


async def add_and_refuse(transaction: Transaction) -> Any:
    await add(transaction, "Northwind Works")
    raise RuleViolation("NOT_TODAY", "not today")


async def names(database: Database) -> list[str]:
    rows = await database.write(lambda transaction: transaction.rows(NAMES))
    return [row.name for row in rows]
