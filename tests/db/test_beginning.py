"""A transaction begins with its first statement, whatever that is and whatever becomes of it."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from db.beginning import Connection


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
