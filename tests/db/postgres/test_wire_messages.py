"""What goes ahead of a statement is done before it, whatever that is and whatever becomes of it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from db.domain.enums import QuoteState
from db.postgres.connection import Connection


@pytest.fixture
async def connection(postgresql_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(postgresql_url, connection_class=Connection)
    yield connection
    await connection.close()


async def test_the_first_statement_is_answered_in_the_transaction(connection: Any) -> None:
    for _ in range(2):  # it is prepared first, then known
        connection.begin()
        assert not connection.is_in_transaction()
        assert await connection.fetch("SELECT generate_series(1, $1::integer)", 2) == [(1,), (2,)]
        assert connection.is_in_transaction()
        await connection.execute("ROLLBACK")


async def test_statements_of_a_kind_may_be_the_first(connection: Any) -> None:
    await connection.execute("CREATE TEMPORARY TABLE deal (number integer)")
    connection.begin()
    await connection.executemany("INSERT INTO deal VALUES ($1)", [(1,), (2,)])
    await connection.execute("ROLLBACK")
    assert await connection.fetchval("SELECT count(*) FROM deal") == 0


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
async def test_a_transaction_may_end_before_a_statement_came(connection: Any, end: str) -> None:
    connection.begin()
    assert await connection.execute(end) == end
    assert not connection.is_in_transaction()


async def test_a_first_statement_that_fails_leaves_a_transaction_to_roll_back(connection: Any) -> None:
    connection.begin()
    with pytest.raises(asyncpg.UndefinedTableError):
        await connection.fetch("SELECT * FROM nowhere")
    assert connection.is_in_transaction()
    await connection.execute("ROLLBACK")
    assert await connection.fetchval("SELECT 7") == 7


async def test_a_connection_that_is_closed_begins_nothing(connection: Any) -> None:
    connection.terminate()
    with pytest.raises(asyncpg.InterfaceError, match="is closed"):
        connection.begin()


WRITE = "INSERT INTO deal SELECT $1::integer WHERE $2"
READ = "SELECT number FROM deal WHERE number > $1"


@pytest.fixture
async def deals(connection: Any) -> Any:
    """The connection, with a table and a transaction."""
    await connection.execute("CREATE TEMPORARY TABLE deal (number integer UNIQUE)")
    connection.begin()
    return connection


async def test_what_goes_ahead_is_seen_by_the_next_statement(deals: Any) -> None:
    for number in (1, 2):  # both are prepared first, then known
        await deals.send(WRITE, [number, True])
        assert len(await deals.fetch(READ, 0)) == number
    await deals.send(WRITE, [3, False])
    assert await deals.fetchval(READ, 2) is None


async def test_what_goes_ahead_and_fails_is_told_in_place_of_the_next_statement(deals: Any) -> None:
    await deals.send(WRITE, [1, True])
    assert await deals.fetchval(READ, 0) == 1
    for sql in (READ, f"{READ} ORDER BY number"):  # one is known, the other has to be prepared
        await deals.execute("SAVEPOINT before")
        await deals.send(WRITE, [1, True])
        with pytest.raises(asyncpg.UniqueViolationError):
            await deals.fetch(sql, 0)
        await deals.execute("ROLLBACK TO before")
    assert await deals.fetch(READ, 0) == [(1,)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uuid", UUID("01900001-0006-7000-8000-000000000001")),
        ("text", 'Kräne "Nord" \\ {Süd}, 港'),
        ("text", ""),
        ("text", QuoteState.ACTIVE),
        ("integer", -7),
        ("boolean", True),
        ("boolean", False),
        ("numeric", Decimal("-1234567890123.40")),
        ("numeric", Decimal("1E+3")),
        ("timestamptz", datetime(2026, 3, 31, 23, 59, 59, 1, UTC)),
        ("date", date(2026, 3, 31)),
        ("date", date(999, 1, 2)),
        ("date", None),
        ("uuid[]", [UUID(int=1), UUID(int=2)]),
        ("uuid[]", (UUID(int=1), UUID(int=2))),
        ("uuid[]", []),
        ("text[]", ['a "b"', "c,\\d", "{}", "NULL", ""]),
    ],
)
async def test_values_arrive_as_the_driver_would_bring_them(connection: Any, kind: str, value: Any) -> None:
    await connection.execute(f"CREATE TEMPORARY TABLE deal (sent {kind}, brought {kind})")
    connection.begin()
    await connection.execute("INSERT INTO deal (brought) VALUES ($1)", value)
    await connection.send("UPDATE deal SET sent = $1", [value])
    assert await connection.fetchval("SELECT sent IS NOT DISTINCT FROM brought FROM deal")


async def test_a_value_that_has_no_text_is_not_sent(deals: Any) -> None:
    with pytest.raises(TypeError, match="Say how PostgreSQL writes a float"):
        await deals.send(WRITE, [0.1, True])
    assert await deals.fetchval("SELECT count(*) FROM deal") == 0


async def test_on_a_connection_that_is_closed_nothing_goes_ahead(deals: Any) -> None:
    await deals.send(WRITE, [1, True])
    assert await deals.fetchval(READ, 0) == 1
    deals.terminate()
    with pytest.raises(asyncpg.InterfaceError, match="is closed"):
        await deals.send(WRITE, [2, True])
