"""Copies of the embedded database: taken while it is used, verified, and put back."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from db.domain.errors import DealdeskError
from db.maintenance.integrity import integrity_errors
from db.migrations.version import is_known_version
from db.sqlite.database import BUSY_TIMEOUT_SECONDS

Counts = dict[str, int]
"""How many rows each table has."""


class BackupFailed(DealdeskError):
    """There is no copy, or nothing was put back: what was there is as it was."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified copy: how many rows it has in how many tables, and in how many bytes."""

    rows: int
    tables: int
    size: int


def back_up(database: Path, copy: Path) -> Backup:
    """Copy a database as it is at one moment; whoever reads or writes it goes on.

    The copy gets its name when it is whole, on the disk and verified.

    Raises:
        BackupFailed: something has the name, or the copy can't be written, or it isn't sound.
    """
    if copy.exists():
        raise BackupFailed(f"{copy} exists. Name a file that does not.")
    if not database.exists():
        raise BackupFailed(f"There is no database at {database}.")
    with _unfinished(copy) as unfinished:
        backup = _copied(database, unfinished)
        unfinished.rename(copy)
        _sync(copy.parent)
    return backup


def restore(copy: Path, database: Path, *, now: datetime) -> Path | None:
    """Put a verified copy in the place of a database, and return where that is kept from now on.

    Raises:
        BackupFailed: there is no sound copy of ours, or the database is in use.
    """
    if not copy.exists():
        raise BackupFailed(f"There is no copy at {copy}.")
    kept = database.with_name(f"{database.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
    with _unfinished(database) as unfinished:
        _copied(copy, unfinished)
        replaced = _set_aside(database, kept)
        unfinished.replace(database)
        _sync(database.parent)
    return kept if replaced else None


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Give an empty file beside ``path`` that its user alone can read; it is gone after the block."""
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        unfinished.touch(0o600, exist_ok=False)
        yield unfinished
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BackupFailed(f"{path} can't be written: {reason}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _copied(source: Path, target: Path) -> Backup:
    with closing(_read_only(source)) as from_, closing(sqlite3.connect(target)) as to:
        from_.execute("BEGIN")
        counts = _counts(from_, source)  # of the moment that is copied
        from_.backup(to)
        to.execute("PRAGMA journal_mode=DELETE")  # so that all of it is in one file
    _sync(target)
    with closing(_read_only(target)) as copy:
        _verify(copy, counts, target)
    return Backup(sum(counts.values()), len(counts), target.stat().st_size)


def _verify(copy: sqlite3.Connection, counts: Counts, path: Path) -> None:
    found = integrity_errors(copy)
    if found:
        raise BackupFailed("\n".join(["The copy isn't sound, so it was not kept.", *found]))
    if _counts(copy, path) != counts:
        raise BackupFailed("The copy doesn't have the rows that were there, so it was not kept. Try again.")


def _counts(connection: sqlite3.Connection, path: Path) -> Counts:
    try:
        tables = [name for (name,) in connection.execute(_TABLES)]
        versions = connection.execute(_VERSION).fetchone() if "alembic_version" in tables else None
        counted = {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - it is a table
            for name in tables
        }
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{path} can't be read: {error}.") from error
    if versions is None or not is_known_version(versions[0]):
        raise BackupFailed(f"{path} is no database of this version of Dealdesk, nor of an older one.")
    return counted


def _set_aside(database: Path, kept: Path) -> bool:
    if not database.exists():
        return False
    _make_one_file(database)
    try:
        os.link(database, kept)
    except OSError:  # not every file system has links
        shutil.copyfile(database, kept)
    for suffix in ("-wal", "-shm"):  # only a damaged database has them still
        with suppress(FileNotFoundError):
            Path(f"{database}{suffix}").rename(f"{kept}{suffix}")
    return True


def _make_one_file(database: Path) -> None:
    """Move what is yet to be moved into the database; who has it open prevents that.

    A damaged one is left alone: that may be why it is replaced.
    """
    with database.open("rb") as file:
        if file.read(len(_HEAD)) != _HEAD:
            return  # SQLite would throw away what lies beside it
    try:
        with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise BackupFailed(f"{database} is in use. Stop the server, then try again.") from error


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None
    )


def _sync(path: Path) -> None:
    with suppress(PermissionError):  # Windows opens no directories
        descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_HEAD = b"SQLite format 3\0"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
_VERSION = "SELECT version_num FROM alembic_version"
