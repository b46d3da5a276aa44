"""SQLite, embedded: one connection that writes and several that read, each used by one thread at a time.

The server's own short reads (``rows``) have connections of their own, so that long statements of callers
(``json``) do not delay token checks, events and seals.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from typing import Self, TypeVar
from uuid import UUID

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from typing_extensions import override

from db.domain.errors import OutcomeUnknown, StatementTooComplex, TimedOut, Unavailable
from db.sql.cancellation import run_uncancelled
from db.sql.database import BusyTime, ConcurrentWrite, Database, PoolStats, RetryCounter, Transaction
from db.sql.semaphore import TimedSemaphore
from db.sql.statements import CompiledStatement, RowT, Statement
from db.sql.timeouts import NO_TIMEOUT, Timeouts
from db.sqlite.connection import BUSY_TIMEOUT_SECONDS, connect
from db.sqlite.pool import BUSY, ConnectionPool

T = TypeVar("T")

READER_COUNT = 4
"""Connections that read what callers select."""

OWN_READER_COUNT = 2
"""Connections for the server's own short reads."""

_TIMED_OUT = "A database statement took too long and was stopped. Request less, or try again."

_TOO_COMPLEX = ("parser stack overflow", "Expression tree is too large", "at most 64 tables", "too many")
"""How messages begin that are about a statement's depth or size; SQLite has no code for them."""


class SqliteDatabase(Database):
    """One database file in write-ahead mode."""

    def __init__(self, path: str, timeouts: Timeouts) -> None:
        self.dialect = sqlite_dialect.dialect()
        self.retry_counter = RetryCounter()
        self.busy_time = BusyTime()
        busy_timeout = min(BUSY_TIMEOUT_SECONDS, timeouts.acquire)
        writer = connect(path, busy_timeout_seconds=busy_timeout)
        readers = [
            connect(path, busy_timeout_seconds=busy_timeout, read_only=True)
            for _ in range(READER_COUNT + OWN_READER_COUNT)
        ]
        self._writer = ConnectionPool([writer], timeouts)
        self._readers = ConnectionPool(readers[:READER_COUNT], timeouts)
        self._own_readers = ConnectionPool(readers[READER_COUNT:], timeouts)
        self._writing = TimedSemaphore(1, timeouts.acquire, BUSY)

    @classmethod
    async def open(cls, path: str, timeouts: Timeouts = NO_TIMEOUT) -> Self:
        """Open the file at ``path``; create an empty database if there is none.

        Raises:
            Unavailable: the file can't be opened.
        """
        return cls(path, timeouts)

    @override
    def for_organization(self, organization_id: UUID) -> Self:
        # SQLite can't hide rows; the rules and the planner select those of the organization.
        database = copy(self)
        database.busy_time = BusyTime()
        return database

    @override
    def pool_stats(self) -> PoolStats:
        busy = self._readers.busy + self._own_readers.busy + self._writing.held
        waiting = self._readers.waiting + self._own_readers.waiting + self._writing.waiting
        return PoolStats(busy, READER_COUNT + OWN_READER_COUNT + 1 - busy, waiting)

    @override
    async def close(self) -> None:
        async with self._writing:
            self._readers.close()
            self._own_readers.close()
            self._writer.close()

    @override
    async def json(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        return await self._read(self._readers, _select_json(statement.compiled(self.dialect), values))

    @override
    async def rows(self, statement: Statement[RowT], **values: object) -> list[RowT]:
        return await self._read(self._own_readers, _select_rows(statement.compiled(self.dialect), values))

    async def _read(self, readers: ConnectionPool, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await readers.run(work, self.busy_time)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise TimedOut(_TIMED_OUT) from error

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._writing:
            try:
                async with self._begun():
                    yield SqliteTransaction(self._writer, self.dialect, self.busy_time)
            except sqlite3.IntegrityError as error:
                raise ConcurrentWrite(str(error)) from error
            except sqlite3.OperationalError as error:
                raise _translated(error) from error

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[None]:
        try:
            await self._writer.run(_execute("BEGIN IMMEDIATE"), self.busy_time)
            yield
            await run_uncancelled(self._writer.run(_execute("COMMIT"), self.busy_time))
        except BaseException:
            await run_uncancelled(self._writer.run(_roll_back, self.busy_time))
            raise


class SqliteTransaction(Transaction):
    """One transaction on the connection that writes."""

    def __init__(self, writer: ConnectionPool, dialect: Dialect, busy_time: BusyTime) -> None:
        self._writer = writer
        self._dialect = dialect
        self._busy_time = busy_time

    @override
    async def rows(self, statement: Statement[RowT], **values: object) -> list[RowT]:
        return await self._writer.run(
            _select_rows(statement.compiled(self._dialect), values), self._busy_time
        )

    @override
    async def json(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        return await self._writer.run(
            _select_json(statement.compiled(self._dialect), values), self._busy_time
        )

    @override
    async def execute(self, statement: Statement, **values: object) -> int:
        compiled = statement.compiled(self._dialect)
        parameters = compiled.bind(values)
        return await self._writer.run(
            lambda connection: connection.execute(compiled.sql, parameters).rowcount, self._busy_time
        )

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, object]]) -> None:
        compiled = statement.compiled(self._dialect)
        parameters = [compiled.bind(each) for each in values]
        await self._writer.run(
            lambda connection: connection.executemany(compiled.sql, parameters), self._busy_time
        )


def _select_rows(
    compiled: CompiledStatement[RowT], values: Mapping[str, object]
) -> Callable[[sqlite3.Connection], list[RowT]]:
    parameters = compiled.bind(values)
    return lambda connection: [compiled.row(row) for row in connection.execute(compiled.sql, parameters)]


def _select_json(
    compiled: CompiledStatement, values: Mapping[str, object]
) -> Callable[[sqlite3.Connection], bytes | None]:
    parameters = compiled.bind(values)

    def select(connection: sqlite3.Connection) -> bytes | None:
        try:
            row = connection.execute(compiled.sql, parameters).fetchone()
        except sqlite3.OperationalError as error:
            if str(error).startswith(_TOO_COMPLEX):
                raise StatementTooComplex from error
            raise
        return None if row is None or row[0] is None else row[0].encode()

    return select


def _execute(sql: str) -> Callable[[sqlite3.Connection], sqlite3.Cursor]:
    return lambda connection: connection.execute(sql)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _translated(error: sqlite3.OperationalError) -> Unavailable:
    if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
        return TimedOut(_TIMED_OUT)
    if error.sqlite_errorcode == sqlite3.SQLITE_IOERR_FSYNC:  # written, but perhaps not on the disk
        return OutcomeUnknown()
    return Unavailable(f"The embedded database refused the change: {error}. Nothing was changed.")
