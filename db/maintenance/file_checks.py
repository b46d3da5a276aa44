"""The embedded database's file and the disk below it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from db.domain.errors import Unavailable
from db.maintenance.findings import Finding, fail, ok, warn
from db.maintenance.integrity import integrity_errors
from db.sqlite.database import connect

LITTLE_SPACE = 256 * 2**20
"""Bytes below which a disk may be full before anybody looks again."""

_RESTORE = "Keep the file, restore a backup with `dealdesk restore`, and look for the cause."


def check_file(path: Path) -> Iterator[Finding]:
    """Yield what is found; blocking, and as long as it takes to read all of the file."""
    yield _space(path)
    if not path.exists():
        yield warn(f"There is no database at {path} yet.", "`dealdesk serve` makes one.")
        return
    yield _access(path)
    try:
        with closing(connect(str(path))) as connection:
            yield ok("Journal mode WAL, synchronous FULL, foreign keys enforced.")
            yield from _soundness(connection)
    except Unavailable as error:
        yield fail(f"{str(error).rstrip('.')}.", _RESTORE)


def _soundness(connection: sqlite3.Connection) -> Iterator[Finding]:
    found = integrity_errors(connection)
    for fault in found:
        yield fail(fault, _RESTORE)
    if not found:
        yield ok("Every page can be read, and every reference leads somewhere.")


def _space(path: Path) -> Finding:
    place = next(each for each in path.absolute().parents if each.exists())
    free = shutil.disk_usage(place).free
    size = path.stat().st_size if path.exists() else 0
    what = f"{free / 2**20:,.0f} MiB are free below {place}."
    if free < max(LITTLE_SPACE, size):
        return warn(what, "Make room: a full disk takes no changes, and a backup takes much.")
    return ok(what)


def _access(path: Path) -> Finding:
    if path.parent.stat().st_mode & 0o077 and path.stat().st_mode & 0o077:
        return warn(
            f"Other users of this machine can get at {path}.", f"Keep them out: `chmod 700 {path.parent}`."
        )
    return ok(f"{path} is its user's alone.")
