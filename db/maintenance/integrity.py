"""Integrity of a SQLite file: every page is readable and every foreign key resolves."""

import sqlite3
from collections import Counter

MAX_PAGE_ERRORS = 10
"""Most damaged pages that are listed; a file with more than a few has to be replaced anyway."""


def integrity_errors(connection: sqlite3.Connection) -> list[str]:
    """Return one sentence for each error of the file, or an empty list if it is intact."""
    try:
        pages = [text for (text,) in connection.execute(f"PRAGMA integrity_check({MAX_PAGE_ERRORS})")]
        orphans = Counter((row[0], row[2]) for row in connection.execute("PRAGMA foreign_key_check"))
    except sqlite3.DatabaseError as error:
        return [f"The file can't be read: {error}."]
    damages = [] if pages == ["ok"] else [line for text in pages for line in text.splitlines()]
    return damages + [
        f"{count:,} references from {table} to {parent} point at missing rows."
        for (table, parent), count in sorted(orphans.items())
    ]
