"""Opens the database that the settings name, and runs coroutines for the commands."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from uvicorn.loops.auto import auto_loop_factory

from api.settings import InvalidDatabaseUrl, Settings
from db.connect import open_database, sqlite_path
from db.domain.errors import DealdeskError, Unavailable
from db.master_data.organizations import find_default_user
from db.migrations.runner import is_current, migrate
from db.sample_data.loader import load_sample_data
from db.sql.database import Database
from db.sql.timeouts import NO_TIMEOUT, Timeouts

T = TypeVar("T")


class NotEmbedded(DealdeskError):
    """The command works on the embedded database only, and the settings name another one."""

    def __init__(self) -> None:
        super().__init__(
            "DEALDESK_DATABASE_URL names a PostgreSQL database. Use PostgreSQL's tools: pg_dump copies a"
            " database, pg_restore restores it into an empty one. Then run `dealdesk migrate`."
        )


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop of the kind that the server uses, and return its result."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(work)


@asynccontextmanager
async def open_migrated(settings: Settings, timeouts: Timeouts = NO_TIMEOUT) -> AsyncIterator[Database]:
    """Open the database with the tables of this version. Only the embedded database is migrated here.

    Raises:
        InvalidDatabaseUrl: the URL does not name a database.
        Unavailable: the database can't be reached, or its tables do not match this version.
    """
    if settings.is_embedded:
        await ensure_migrated(settings)
    else:
        await _check_current(settings)
    async with open_unchecked(settings, timeouts) as database:
        yield database


@asynccontextmanager
async def open_unchecked(settings: Settings, timeouts: Timeouts = NO_TIMEOUT) -> AsyncIterator[Database]:
    """Open the database without a check of its tables. Raises the errors of ``open_migrated``."""
    try:
        database = await open_database(settings.url, timeouts)
    except ValueError:
        raise InvalidDatabaseUrl from None
    try:
        yield database
    finally:
        await database.close()


async def ensure_migrated(settings: Settings) -> None:
    """Create or upgrade the tables. Raises the errors of ``open_migrated``."""
    try:
        if settings.is_embedded:
            directory = sqlite_path(settings.url).parent
            try:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise Unavailable(f"The directory {directory} can't be created: {error.strerror}.") from error
        await migrate(settings.url)
    except ValueError:
        raise InvalidDatabaseUrl from None


async def _check_current(settings: Settings) -> None:
    try:
        if not await is_current(settings.url):
            raise Unavailable(
                "The database's tables do not match this version, or were restored from a backup."
                " Run `dealdesk migrate`."
            )
    except ValueError:
        raise InvalidDatabaseUrl from None


def embedded_database(settings: Settings) -> Path:
    """Return the file of the embedded database.

    Raises:
        NotEmbedded: the settings name another database.
        InvalidDatabaseUrl: the URL does not name a file.
    """
    if not settings.is_embedded:
        raise NotEmbedded
    try:
        return sqlite_path(settings.url)
    except ValueError:
        raise InvalidDatabaseUrl from None


async def load_sample_if_empty(database: Database) -> bool:
    """Load the sample data unless an organization exists; return whether it was loaded."""
    is_empty = await database.write(find_default_user) is None
    if is_empty:
        await load_sample_data(database, now=datetime.now(UTC))
    return is_empty
