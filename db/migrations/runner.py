"""Bringing a database to this version's tables: step by step, all steps in one transaction."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from db.connect import POSTGRES_SCHEMES, sqlite_path
from db.domain.errors import Unavailable
from db.sqlite.database import connect

T = TypeVar("T")

_LOCKS = {
    "postgresql": "SELECT pg_advisory_xact_lock(5003713821)",  # any number that nothing else locks
    "sqlite": "BEGIN IMMEDIATE",
}


# A dump brings the numbers that transactions had on another server. Here later ones would have lower numbers,
# so nobody would be told of their events.
_HAS_FOREIGN_EVENTS = """
SELECT coalesce(max(transaction_id) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint, false)
FROM event
"""
_TAKE_OVER_EVENTS = f"UPDATE event SET transaction_id = 0 WHERE ({_HAS_FOREIGN_EVENTS})"  # noqa: S608 - ours


async def migrate(url: str) -> None:
    """Create or change the tables until they are this version's. Of several programs at once one does it.

    The events of a dump that was restored on PostgreSQL are put before all that happen from now on.

    Raises:
        ValueError: the URL names another kind of database.
        Unavailable: the database can't be reached, is kept locked, or holds tables that are not ours.
    """
    await _connected(url, _upgrade)


async def revert(url: str) -> None:
    """Take every step back: all tables are gone, and so is what they held.

    Raises:
        ValueError: the URL names another kind of database.
        Unavailable: the database can't be reached, is kept locked, or holds tables that are not ours.
    """
    await _connected(url, _downgrade)


async def is_current(url: str) -> bool:
    """Say whether the tables are this version's, and a restored dump's events are taken over.

    Raises:
        ValueError: the URL names another kind of database.
        Unavailable: the database can't be reached.
    """
    return await _connected(url, _is_current)


def _upgrade(connection: Connection) -> None:
    connection.exec_driver_sql(_LOCKS[connection.dialect.name])
    command.upgrade(_steps(connection), "head")
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_TAKE_OVER_EVENTS)


def _downgrade(connection: Connection) -> None:
    connection.exec_driver_sql(_LOCKS[connection.dialect.name])
    command.downgrade(_steps(connection), "base")


def _is_current(connection: Connection) -> bool:
    newest = ScriptDirectory.from_config(_steps(connection)).get_heads()
    return MigrationContext.configure(connection).get_current_heads() == tuple(newest) and not (
        connection.dialect.name == "postgresql" and connection.exec_driver_sql(_HAS_FOREIGN_EVENTS).scalar()
    )


def _steps(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "db:migrations")
    return config


async def _connected(url: str, work: Callable[[Connection], T]) -> T:
    try:
        if url.startswith(POSTGRES_SCHEMES):
            return await _on_postgres(url, work)
        return await asyncio.to_thread(_on_sqlite, str(sqlite_path(url)), work)
    except DBAPIError as error:
        raise Unavailable(f"The database can't be brought to this version: {error.orig}") from error
    except CommandError as error:
        raise Unavailable("The database is a newer version's. Run that version of Dealdesk.") from error


async def _on_postgres(url: str, work: Callable[[Connection], T]) -> T:
    async def connect_as_the_server_does() -> Any:
        try:
            return await asyncpg.connect(url)
        except (OSError, asyncpg.PostgresError) as error:
            raise Unavailable(f"PostgreSQL can't be reached: {error}") from error

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connect_as_the_server_does, poolclass=NullPool
    )
    async with engine.begin() as connection:
        return await connection.run_sync(work)


def _on_sqlite(path: str, work: Callable[[Connection], T]) -> T:
    engine = create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)
    with engine.begin() as connection:
        return work(connection)
