"""Backup and restore of the embedded database: consistent, verified copies of its file."""

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
from db.sqlite.connection import BUSY_TIMEOUT_SECONDS

_SQLITE_HEADER = b"SQLite format 3\0"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
_VERSION = "SELECT version_num FROM alembic_version"


class BackupFailed(DealdeskError):
    """The backup or restore was not made; the database is unchanged."""


@dataclass(frozen=True, slots=True)
class Backup:
    """The contents of a verified copy; ``size`` is in bytes."""

    rows: int
    tables: int
    size: int


def back_up(database: Path, copy: Path) -> Backup:
    """Copy a database as of one moment, while other programs may read and write it.

    The copy appears under its name once it is complete, verified and on disk.

    Raises:
        BackupFailed: ``copy`` exists or can't be written, or the database is damaged.
    """
    if copy.exists():
        raise BackupFailed(f"{copy} already exists. Choose another file name.")
    if not database.exists():
        raise BackupFailed(f"There is no database at {database}.")
    with _temporary_file_beside(copy) as temporary:
        backup = _copy_verified(database, temporary)
        temporary.rename(copy)
        _flush_to_disk(copy.parent)
    return backup


def restore(copy: Path, database: Path, *, now: datetime) -> Path | None:
    """Replace a database with a verified copy; return the new path of the replaced file, if there was one.

    Raises:
        BackupFailed: ``copy`` is missing, damaged or not a Dealdesk database, or the database is in use.
    """
    if not copy.exists():
        raise BackupFailed(f"There is no backup at {copy}.")
    kept = database.with_name(f"{database.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
    with _temporary_file_beside(database) as temporary:
        _copy_verified(copy, temporary)
        is_replaced = database.exists()
        if is_replaced:
            _keep_replaced(database, kept)
        temporary.replace(database)
        _flush_to_disk(database.parent)
    return kept if is_replaced else None


@contextmanager
def _temporary_file_beside(path: Path) -> Iterator[Path]:
    """Yield an empty file that only its owner can access, and delete it after the block if it is left."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        temporary.touch(0o600, exist_ok=False)
        yield temporary
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BackupFailed(f"{path} can't be written: {reason}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def _copy_verified(source: Path, target: Path) -> Backup:
    with closing(_open_read_only(source)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.execute("BEGIN")  # so that the counts are those of the copied moment
        counts = _count_rows(reader, source)
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode=DELETE")  # moves the write-ahead log into the file
    _flush_to_disk(target)
    with closing(_open_read_only(target)) as copy:
        if errors := integrity_errors(copy):
            raise BackupFailed("\n".join(["The copy is damaged and was deleted.", *errors]))
        if _count_rows(copy, target) != counts:
            raise BackupFailed("The copy lacks rows of the database and was deleted. Try again.")
    return Backup(sum(counts.values()), len(counts), target.stat().st_size)


def _count_rows(connection: sqlite3.Connection, path: Path) -> dict[str, int]:
    """Return the number of rows by table, having checked that the file is a Dealdesk database."""
    try:
        tables = [name for (name,) in connection.execute(_TABLES)]
        version = connection.execute(_VERSION).fetchone() if "alembic_version" in tables else None
        counts = {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - a table
            for name in tables
        }
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{path} can't be read: {error}.") from error
    if version is None or not is_known_version(version[0]):
        raise BackupFailed(f"{path} is not a database of this or an older version of Dealdesk.")
    return counts


def _keep_replaced(database: Path, kept: Path) -> None:
    _merge_write_ahead_log(database)
    try:
        os.link(database, kept)
    except OSError:  # some file systems have no hard links
        shutil.copyfile(database, kept)
    for suffix in ("-wal", "-shm"):  # left over only if the database is damaged
        with suppress(FileNotFoundError):
            Path(f"{database}{suffix}").rename(f"{kept}{suffix}")


def _merge_write_ahead_log(database: Path) -> None:
    """Move the write-ahead log into the database's file. A damaged file stays as it is.

    Raises:
        BackupFailed: another program has the database open.
    """
    with database.open("rb") as file:
        if file.read(len(_SQLITE_HEADER)) != _SQLITE_HEADER:
            return  # SQLite would delete the log beside a file that it does not recognize
    try:
        with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise BackupFailed(f"{database} is in use. Stop the server, then try again.") from error


def _open_read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None
    )


def _flush_to_disk(path: Path) -> None:
    with suppress(PermissionError):  # Windows can't open directories
        descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
