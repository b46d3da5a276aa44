"""A connection to SQLite with the settings that the rules rely on, and the functions that statements call."""

import os
import sqlite3
from contextlib import suppress
from datetime import datetime

from db.domain.errors import Unavailable
from db.domain.time_zones import time_zone

MINIMUM_VERSION = (3, 35, 0)
"""The first with RETURNING; generated columns came in 3.31."""

BUSY_TIMEOUT_SECONDS = 10.0
"""How long a write waits for one of another program."""


def connect(
    path: str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS, read_only: bool = False
) -> sqlite3.Connection:
    """Open one connection, and switch on what the rules rely on; each setting is read back.

    A new file can be accessed by its owner only, whatever the directory and the umask permit. An existing one
    keeps its permissions. SQLite gives those of the file to the write-ahead log.

    ``synchronous=FULL`` because NORMAL loses acknowledged commits at a power cut. ``isolation_level=None``
    because the driver would otherwise begin transactions late, and a check before a write would race.

    Raises:
        Unavailable: this SQLite is too old, a setting had no effect, or the file can't be opened.
    """
    if sqlite3.sqlite_version_info < MINIMUM_VERSION:
        raise Unavailable(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed.")
    try:
        with suppress(FileExistsError):  # opening an existing file would end SQLite's locks of it
            os.close(os.open(os.path.realpath(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(
            path,
            timeout=busy_timeout_seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=1024,
        )
        for setting, value, stored in (
            ("journal_mode", "wal", "wal"),
            ("synchronous", "FULL", 2),
            ("foreign_keys", "ON", 1),
            ("query_only", "ON" if read_only else "OFF", read_only),
        ):
            connection.execute(f"PRAGMA {setting}={value}")
            if connection.execute(f"PRAGMA {setting}").fetchone()[0] != stored:
                raise Unavailable(f"SQLite did not accept {setting}={value}.")
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Unavailable(f"The embedded database can't be opened: {reason}") from error
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    connection.create_function("local_month", 2, _local_month, deterministic=True)
    return connection


def _casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _local_month(instant: str, name: str) -> str:
    moment = datetime.fromisoformat(instant)
    with suppress(OverflowError):  # on the calendar's first and last day
        moment = moment.astimezone(time_zone(name))
    return moment.date().replace(day=1).isoformat()
