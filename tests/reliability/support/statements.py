"""Block the statements of a PostgreSQL database by table locks, and count those that run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

TIMEOUT_SECONDS = 20.0
"""Time to wait for a number of statements before the test fails."""

_RUNNING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
)


@asynccontextmanager
async def locked_tables(url: str, tables: str) -> AsyncIterator[None]:
    """Block all reads and writes of these tables until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


class RunningStatements:
    """The statements that run in one database, blocked ones included."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def wait_for(self, number: int) -> None:
        """Wait until exactly this number of statements run."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while await self._connection.fetchval(_RUNNING) != number:  # noqa: ASYNC110 - it can only be polled
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running_statements(url: str) -> AsyncIterator[RunningStatements]:
    """Give the running statements of a database, seen from a connection of their own."""
    connection = await asyncpg.connect(url)
    try:
        yield RunningStatements(connection)
    finally:
        await connection.close()
