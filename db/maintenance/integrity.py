"""Whether a SQLite file holds what it should: every page readable, every reference leading somewhere."""

import sqlite3
from collections import Counter

MOST_FAULTS = 10
"""How many faults are told of one file; after the first few it is to be replaced anyway."""


def integrity_errors(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong with the file, each in a line; nothing where it is sound."""
    try:
        return [*_damages(connection), *_dangling(connection)]
    except sqlite3.DatabaseError as error:
        return [f"It can't be read: {error}."]


def _damages(connection: sqlite3.Connection) -> list[str]:
    found = [text for (text,) in connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})")]
    return [] if found == ["ok"] else [line for text in found for line in text.splitlines()]


def _dangling(connection: sqlite3.Connection) -> list[str]:
    rows = Counter((row[0], row[2]) for row in connection.execute("PRAGMA foreign_key_check"))
    return [
        f"{table} points at rows of {parent} that aren't there: {count:,} times."
        for (table, parent), count in sorted(rows.items())
    ]
