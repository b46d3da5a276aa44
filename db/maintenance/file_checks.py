"""Checks of the embedded database's file and of the disk that holds it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from db.domain.errors import Unavailable
from db.maintenance.findings import Finding, fail, ok, warn
from db.maintenance.integrity import integrity_errors
from db.sqlite.connection import connect

MIN_FREE_BYTES = 256 * 2**20
"""Less free space than this may be used up before anyone notices."""

_RESTORE = "Keep the file, restore a backup with `dealdesk restore`, and look for the cause."


def check_file(path: Path) -> Iterator[Finding]:
    """Yield the findings about a database file. Blocks while the whole file is read."""
    yield _check_space(path)
    if not path.exists():
        yield warn(f"There is no database at {path} yet.", "`dealdesk serve` creates it.")
        return
    yield _check_permissions(path)
    try:
        with closing(connect(str(path))) as connection:
            yield ok("Journal mode WAL, synchronous FULL, foreign keys enforced.")
            yield from _check_integrity(connection)
    except Unavailable as error:
        yield fail(f"{str(error).rstrip('.')}.", _RESTORE)


def _check_space(path: Path) -> Finding:
    directory = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(directory).free
    size = path.stat().st_size if path.exists() else 0
    message = f"{free / 2**20:,.0f} MiB are free in {directory}."
    if free < max(MIN_FREE_BYTES, size):
        return warn(
            message, "Free some space: on a full disk changes fail, and a backup needs space for a copy."
        )
    return ok(message)


def _check_permissions(path: Path) -> Finding:
    if path.parent.stat().st_mode & 0o077 and path.stat().st_mode & 0o077:
        return warn(
            f"Other users of this machine can access {path}.", f"Restrict it: `chmod 700 {path.parent}`."
        )
    return ok(f"Only its owner can access {path}.")


def _check_integrity(connection: sqlite3.Connection) -> Iterator[Finding]:
    errors = integrity_errors(connection)
    for error in errors:
        yield fail(error, _RESTORE)
    if not errors:
        yield ok("Every page is readable and every foreign key resolves.")
