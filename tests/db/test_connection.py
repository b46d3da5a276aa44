"""One value by the short way: the same as the driver's, whatever became of the statement meanwhile."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from db.connection import Connection

READ = "SELECT * FROM deal WHERE number > $1"


@pytest.fixture
async def connection(postgresql_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(postgresql_url, connection_class=Connection)
    await connection.execute("CREATE TEMPORARY TABLE deal (number integer)")
    await connection.execute("INSERT INTO deal VALUES (1), (2)")
    yield connection
    await connection.close()


async def test_a_value_is_the_first_of_the_first_row(connection: Any) -> None:
    for _ in range(2):  # it is prepared first, then known
        assert await connection.value(READ, 1) == 2
        assert await connection.value(READ, 2) is None


async def test_a_statement_that_is_answered_otherwise_now_is_prepared_again(connection: Any) -> None:
    assert await connection.value(READ, 1) == 2
    await connection.execute("ALTER TABLE deal ALTER number TYPE text")
    await connection.execute("ALTER TABLE deal RENAME number TO name")
    await connection.execute("ALTER TABLE deal ADD number integer DEFAULT 7")
    assert [await connection.value(READ, 6) for _ in range(2)] == ["1", "1"]


async def test_a_statement_that_fails_leaves_a_connection_that_answers(connection: Any) -> None:
    for _ in range(2):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.value("SELECT 1 / $1::integer", 0)
    with pytest.raises(asyncpg.DataError):
        await connection.value(READ, "seven")
    assert await connection.value(READ, 1) == 2
