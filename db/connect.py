"""Opens a database by its URL."""

from pathlib import Path

from db.postgres.database import PostgresDatabase
from db.sql.database import Database
from db.sql.timeouts import NO_TIMEOUT, Timeouts
from db.sqlite.database import SqliteDatabase

POSTGRES_SCHEMES = ("postgresql://", "postgres://")
_SQLITE_SCHEME = "sqlite:///"


async def open_database(url: str, timeouts: Timeouts = NO_TIMEOUT) -> Database:
    """Open ``postgresql://user:password@host/database`` or ``sqlite:///path/to/file``.

    Raises:
        ValueError: the URL has another scheme, or names no file.
        Unavailable: the database can't be reached.
    """
    if url.startswith(POSTGRES_SCHEMES):
        return await PostgresDatabase.open(url, timeouts)
    return await SqliteDatabase.open(str(sqlite_path(url)), timeouts)


def sqlite_path(url: str) -> Path:
    """Return the file that a SQLite URL names.

    Raises:
        ValueError: it is no SQLite URL, or it names no file.
    """
    path = url.removeprefix(_SQLITE_SCHEME)
    if path == url or not path or path == ":memory:":
        raise ValueError(
            f"{url.partition(':')[0]!r} is no database URL that can be used here: write"
            " postgresql://user:password@host/database or sqlite:///path/to/file."
        )
    return Path(path)
