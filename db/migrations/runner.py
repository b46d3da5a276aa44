"""Migrate a database to this version's tables, all steps in one transaction."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from db.connect import POSTGRES_SCHEMES, sqlite_path
from db.domain.errors import Unavailable
from db.postgres.url import driver_url, unknown_parameter
from db.sqlite.connection import connect

T = TypeVar("T")

_LOCKS = {
    "postgresql": "SELECT pg_advisory_xact_lock(5003713821)",  # an arbitrary number, used for nothing else
    "sqlite": "BEGIN IMMEDIATE",
}

# The events of a restored dump carry the transaction ids of another server. If those are higher than this
# server's, new events would sort before them and subscribers would miss them.
_HAS_FOREIGN_EVENTS = """
SELECT coalesce(max(transaction_id) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint, false)
FROM event
"""
_MOVE_EVENTS_FIRST = f"UPDATE event SET transaction_id = 0 WHERE ({_HAS_FOREIGN_EVENTS})"  # noqa: S608 - ours


async def migrate(url: str) -> None:
    """Create or change the tables until they are current. Concurrent calls wait for the first one.

    On PostgreSQL, the events of a restored dump are moved before all future events.

    Raises:
        ValueError: the URL names an unsupported kind of database.
        Unavailable: the database is unreachable or locked, has foreign tables or an encoding that is not
            UTF-8, or is of a newer version.
    """
    await _run(url, _upgrade)


async def revert(url: str) -> None:
    """Drop all tables with their contents, by reverting every migration.

    Raises:
        ValueError: the URL names an unsupported kind of database.
        Unavailable: the database is unreachable or locked, has foreign tables or an encoding that is not
            UTF-8, or is of a newer version.
    """
    await _run(url, _downgrade)


async def is_current(url: str) -> bool:
    """Return whether the tables are current and no events of a restored dump have to be moved.

    Raises:
        ValueError: the URL names an unsupported kind of database.
        Unavailable: the database is unreachable, or has another encoding than UTF-8.
    """
    return await _run(url, _is_current)


async def _run(url: str, work: Callable[[Connection], T]) -> T:
    try:
        if url.startswith(POSTGRES_SCHEMES):
            return await _run_on_postgresql(url, work)
        return await asyncio.to_thread(_run_on_sqlite, str(sqlite_path(url)), work)
    except DBAPIError as error:
        raise Unavailable(f"The database can't be migrated: {error.orig}") from error
    except CommandError as error:
        raise Unavailable(
            "The database was migrated by a newer version of Dealdesk. Run that version."
        ) from error


async def _run_on_postgresql(url: str, work: Callable[[Connection], T]) -> T:
    async def connect_with_asyncpg() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(driver_url(url))
        except asyncpg.UndefinedObjectError as error:
            raise unknown_parameter(error) from error
        except (OSError, asyncpg.PostgresError) as error:
            raise Unavailable(f"PostgreSQL can't be reached: {error}") from error

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connect_with_asyncpg, poolclass=NullPool
    )
    async with engine.begin() as connection:
        encoding = await connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise Unavailable(
                f"The database's encoding is {encoding}, which can't hold every text. Create a database with"
                " ENCODING 'UTF8'."
            )
        return await connection.run_sync(work)


def _run_on_sqlite(path: str, work: Callable[[Connection], T]) -> T:
    engine = create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)
    with engine.begin() as connection:
        return work(connection)


def _upgrade(connection: Connection) -> None:
    connection.exec_driver_sql(_LOCKS[connection.dialect.name])
    command.upgrade(_config(connection), "head")
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_MOVE_EVENTS_FIRST)


def _downgrade(connection: Connection) -> None:
    connection.exec_driver_sql(_LOCKS[connection.dialect.name])
    command.downgrade(_config(connection), "base")


def _is_current(connection: Connection) -> bool:
    heads = tuple(ScriptDirectory.from_config(_config(connection)).get_heads())
    if MigrationContext.configure(connection).get_current_heads() != heads:
        return False
    return not (
        connection.dialect.name == "postgresql" and connection.exec_driver_sql(_HAS_FOREIGN_EVENTS).scalar()
    )


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "db:migrations")
    return config
