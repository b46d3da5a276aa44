"""Connections to PostgreSQL: their settings, and statements whose columns change meanwhile."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.postgres.connection import Connection, connect
from db.sql.timeouts import Timeouts

READ = "SELECT * FROM deal WHERE number > $1"


@pytest.fixture
async def connection(postgresql_url: str) -> AsyncIterator[Connection]:
    connection = await connect(postgresql_url, Timeouts(statement=2.5, acquire=1.5))
    await connection.execute("CREATE TEMPORARY TABLE deal (number integer)")
    await connection.execute("INSERT INTO deal VALUES (1), (2)")
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("timezone", "UTC"),
        ("datestyle", "ISO, YMD"),
        ("statement_timeout", "2500ms"),
        ("lock_timeout", "1500ms"),
        ("plan_cache_mode", "force_generic_plan"),
        ("idle_in_transaction_session_timeout", "1min"),
    ],
)
async def test_a_connection_has_its_settings(connection: Connection, setting: str, value: str) -> None:
    assert await connection.fetchval(f"SELECT current_setting('{setting}')") == value


async def test_a_statement_whose_columns_have_changed_is_prepared_again(connection: Connection) -> None:
    assert await connection.fetchval(READ, 1) == 2
    await connection.execute("ALTER TABLE deal ALTER number TYPE text")
    await connection.execute("ALTER TABLE deal RENAME number TO name")
    await connection.execute("ALTER TABLE deal ADD number integer DEFAULT 7")
    assert [await connection.fetchval(READ, 6) for _ in range(2)] == ["1", "1"]


async def test_a_connection_answers_after_a_statement_that_failed(connection: Connection) -> None:
    for _ in range(2):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.fetchval("SELECT 1 / $1::integer", 0)
    with pytest.raises(asyncpg.DataError):
        await connection.fetchval(READ, "seven")
    assert await connection.fetchval(READ, 1) == 2
