"""The benchmark's own connection to the database of the contestants."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import asyncpg
from typing_extensions import override

from db.sqlite.connection import connect


class Store(ABC):
    """A connection. Statements run on both kinds of database and have no parameters."""

    @abstractmethod
    def column(self, statement: str) -> list[str]:
        """Return the first column of the rows as text."""

    @abstractmethod
    def run_in_transaction(self, statements: Sequence[str]) -> None:
        """Run the statements in one transaction."""

    @abstractmethod
    def vacuum(self, tables: Sequence[str]) -> None:
        """Remove the dead rows of these tables, or the write-ahead log."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""


class PostgresStore(Store):
    """A connection to PostgreSQL, with an event loop of its own."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._connection: Any = self._runner.run(asyncpg.connect(url))

    @override
    def column(self, statement: str) -> list[str]:
        return [str(row[0]) for row in self._runner.run(self._connection.fetch(statement))]

    @override
    def run_in_transaction(self, statements: Sequence[str]) -> None:
        self._runner.run(self._connection.execute(";\n".join(["BEGIN", *statements, "COMMIT"])))

    def run(self, statement: str) -> None:
        """Run a statement that a transaction may not contain."""
        self._runner.run(self._connection.execute(statement))

    @override
    def vacuum(self, tables: Sequence[str]) -> None:
        self.run(f"VACUUM {', '.join(tables)}")

    @override
    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()


class SqliteStore(Store):
    """A connection to a SQLite file."""

    def __init__(self, path: str) -> None:
        self._connection: sqlite3.Connection = connect(path)

    @override
    def column(self, statement: str) -> list[str]:
        return [str(row[0]) for row in self._connection.execute(statement)]

    @override
    def run_in_transaction(self, statements: Sequence[str]) -> None:
        for statement in ("BEGIN IMMEDIATE", *statements, "COMMIT"):
            self._connection.execute(statement)

    @override
    def vacuum(self, tables: Sequence[str]) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @override
    def close(self) -> None:
        self._connection.close()
