"""Opening the database that the settings name; what the commands share."""

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
    """The command is about the embedded database, and another one is used."""

    def __init__(self) -> None:
        super().__init__(
            "DEALDESK_DATABASE_URL names PostgreSQL, which has its own tools: pg_dump copies a database,"
            " pg_restore fills an empty one with the copy. Then run `dealdesk migrate`."
        )


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work in the event loop that the server has, too."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(work)


@asynccontextmanager
async def open_migrated(settings: Settings, timeouts: Timeouts = NO_TIMEOUT) -> AsyncIterator[Database]:
    """Open the database. The embedded one is migrated first; another one belongs to whoever runs it.

    Raises:
        BadDatabaseUrl: the URL names no database.
        Unavailable: the database can't be reached, or its tables are not this version's.
    """
    if settings.is_embedded:
        await ensure_migrated(settings)
    else:
        await _check_current(settings)
    async with open_unchecked(settings, timeouts) as database:
        yield database


@asynccontextmanager
async def open_unchecked(settings: Settings, timeouts: Timeouts = NO_TIMEOUT) -> AsyncIterator[Database]:
    """Open the database, whatever its tables are; raises as ``open_migrated`` does."""
    try:
        database = await open_database(settings.url, timeouts)
    except ValueError:
        raise InvalidDatabaseUrl from None
    try:
        yield database
    finally:
        await database.close()


def embedded_database(settings: Settings) -> Path:
    """Return the file that the embedded database is in.

    Raises:
        NotEmbedded: another database is used.
        BadDatabaseUrl: the URL names no file.
    """
    if not settings.is_embedded:
        raise NotEmbedded
    try:
        return sqlite_path(settings.url)
    except ValueError:
        raise InvalidDatabaseUrl from None


async def ensure_migrated(settings: Settings) -> None:
    """Bring the database to this version's tables; raises as ``open_migrated`` does."""
    try:
        if settings.is_embedded:
            _make_directory(sqlite_path(settings.url).parent)
        await migrate(settings.url)
    except ValueError:
        raise InvalidDatabaseUrl from None


async def load_sample_if_empty(database: Database) -> None:
    """Load the sample data, unless there is an organization."""
    if await database.write(find_default_user) is None:
        await load_sample_data(database, now=datetime.now(UTC))


async def _check_current(settings: Settings) -> None:
    try:
        if not await is_current(settings.url):
            raise Unavailable(
                "The database's tables are not this version's, or were restored."
                " Run `dealdesk migrate` first."
            )
    except ValueError:
        raise InvalidDatabaseUrl from None


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The directory {directory} can't be made: {error.strerror}.") from error
