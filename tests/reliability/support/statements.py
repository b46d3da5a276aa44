"""Statements in PostgreSQL: kept waiting by a lock, and counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

PATIENCE = 20.0
"""Seconds until a test fails that waits for statements."""

_RUNNING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
)


@asynccontextmanager
async def locked(url: str, tables: str) -> AsyncIterator[None]:
    """Keep everybody waiting who reads or writes some tables, until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


class Statements:
    """The statements that run in one database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def until(self, number: int) -> None:
        """Wait until there are so many."""
        async with asyncio.timeout(PATIENCE):
            while await self._connection.fetchval(_RUNNING) != number:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.02)


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Statements]:
    """Watch a database from a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        yield Statements(connection)
    finally:
        await connection.close()
