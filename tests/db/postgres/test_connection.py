"""Values by shorter ways than the driver's: they are the same, and so is what becomes of their statements."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from db.postgres.connection import Connection

READ = "SELECT * FROM deal WHERE number > $1"


@pytest.fixture
async def connection(postgresql_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(postgresql_url, connection_class=Connection)
    await connection.prepare_commit()
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


INSERT = "INSERT INTO deal VALUES ($1)"
LAST = "SELECT max(number)::varchar FROM deal WHERE number > $1 HAVING count(*) > 0"
SEVENTH = "SELECT (7 / (max(number) - $1))::varchar FROM deal"


async def numbers(connection: Any) -> list[int]:
    return [each[0] for each in await connection.fetch("SELECT number FROM deal ORDER BY number")]


async def test_an_answer_comes_with_the_commit(connection: Any) -> None:
    for number in (3, 4):  # its statement is prepared first, then known
        connection.begin()
        assert await connection.value_and_commit((INSERT, [number]), (LAST, [0])) == str(number)
        assert not connection.is_in_transaction()
    assert await numbers(connection) == [1, 2, 3, 4]


async def test_there_may_be_no_answer_to_commit_with(connection: Any) -> None:
    connection.begin()
    await connection.send(INSERT, [3])
    assert await connection.value_and_commit((LAST, [3])) is None
    assert await numbers(connection) == [1, 2, 3]


async def test_without_its_answer_nothing_is_committed(connection: Any) -> None:
    for _ in range(2):
        connection.begin()
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.value_and_commit((INSERT, [3]), (SEVENTH, [3]))
        await connection.execute("ROLLBACK")
    assert await numbers(connection) == [1, 2]


async def test_what_fails_before_the_answer_is_not_committed(connection: Any) -> None:
    await connection.execute("CREATE UNIQUE INDEX ON deal (number)")
    for _ in range(2):
        connection.begin()
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.value_and_commit((INSERT, [3]), (INSERT, [2]), (LAST, [0]))
        await connection.execute("ROLLBACK")
    assert await numbers(connection) == [1, 2]


async def test_on_a_connection_that_is_closed_nothing_is_committed(connection: Any) -> None:
    connection.begin()
    assert await connection.value_and_commit((LAST, [0])) == "2"
    connection.terminate()
    with pytest.raises(asyncpg.InterfaceError, match="is closed"):
        await connection.value_and_commit((LAST, [0]))


async def test_a_commit_that_fails_is_told_with_the_answer(connection: Any) -> None:
    await connection.execute("ALTER TABLE deal ADD UNIQUE (number) DEFERRABLE INITIALLY DEFERRED")
    connection.begin()
    await connection.send(INSERT, [2])
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.value_and_commit((LAST, [0]))
    assert not connection.is_in_transaction()
    assert await numbers(connection) == [1, 2]
    connection.begin()
    await connection.send(INSERT, [3])
    assert await connection.value_and_commit((LAST, [0])) == "3"
