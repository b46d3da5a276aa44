"""SQLite, embedded: many readers beside one writer, each connection in a thread of its own."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import sqlite as dialect_of_sqlite
from typing_extensions import override

from db.domain.errors import OutcomeUnknown, StatementTooComplex, TimedOut, Unavailable
from db.sql.cancellation import run_uncancelled
from db.sql.database import ConcurrentWrite, Database, PoolStats, RetryCounter, Transaction
from db.sql.statements import CompiledStatement, RowT, Statement
from db.sql.timeouts import NO_TIMEOUT, Timeouts
from db.sqlite.thread_pool import BUSY, Workers

T = TypeVar("T")

READER_COUNT = 4
BUSY_TIMEOUT_SECONDS = 10.0
"""How long a write waits for another program's at most."""

_TOO_COMPLEX = ("parser stack overflow", "Expression tree is too large", "at most 64 tables", "too many")
"""How messages begin that are about a statement's depth or size; SQLite has no code for them."""

MINIMUM_VERSION = (3, 35, 0)
"""The first with RETURNING; generated columns came in 3.31."""


def connect(path: str, *, wait: float = BUSY_TIMEOUT_SECONDS, changes: bool = True) -> sqlite3.Connection:
    """Open one connection with what the rules rely on switched on, and read back.

    A write of another program is waited for so many seconds; without ``changes`` it takes none itself.
    ``synchronous=FULL`` because NORMAL loses acknowledged commits at a power cut. ``isolation_level=None``
    because the driver would otherwise begin transactions late, and a check before a write would race.

    Raises:
        Unavailable: this SQLite is too old, or a setting did not take.
    """
    if sqlite3.sqlite_version_info < MINIMUM_VERSION:
        raise Unavailable(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed.")
    try:
        connection = sqlite3.connect(
            path, timeout=wait, isolation_level=None, check_same_thread=False, cached_statements=1024
        )
        for setting, value, meaning in (
            ("journal_mode", "wal", "wal"),
            ("synchronous", "FULL", 2),
            ("foreign_keys", "ON", 1),
            ("query_only", "OFF" if changes else "ON", not changes),
        ):
            connection.execute(f"PRAGMA {setting}={value}")
            if connection.execute(f"PRAGMA {setting}").fetchone()[0] != meaning:
                raise Unavailable(f"SQLite did not take {setting}={value}.")
    except sqlite3.Error as error:
        raise Unavailable(f"The embedded database can't be opened: {error}") from error
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    connection.create_function("local_month", 2, _local_month, deterministic=True)
    return connection


def _casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _local_month(instant: str, time_zone: str) -> str:
    moment = datetime.fromisoformat(instant)
    with suppress(OverflowError):  # on the calendar's first and last day
        moment = moment.astimezone(ZoneInfo(time_zone))
    return moment.date().replace(day=1).isoformat()


class SqliteDatabase(Database):
    """One database file in write-ahead mode."""

    def __init__(self, path: str, timeouts: Timeouts) -> None:
        self.dialect = dialect_of_sqlite.dialect()
        self.retry_counter = RetryCounter()
        self._wait = timeouts.acquire
        wait = min(BUSY_TIMEOUT_SECONDS, timeouts.acquire)
        writer = connect(path, wait=wait)
        readers = [connect(path, wait=wait, changes=False) for _ in range(READER_COUNT)]
        self._writer = Workers([writer], timeouts.statement)
        self._readers = Workers(readers, timeouts.statement, timeouts.acquire)
        self._writing = asyncio.Lock()
        self._waiting = 0  # for the writer

    @classmethod
    async def open(cls, path: str, timeouts: Timeouts = NO_TIMEOUT) -> Self:
        """Open the file at ``path``, creating an empty database where there is none."""
        return cls(path, timeouts)

    @override
    def for_organization(self, organization_id: UUID) -> Self:
        return self  # there are no rows that SQLite could hide; the rules and the planner confine themselves

    @override
    def pool_stats(self) -> PoolStats:
        busy = self._readers.busy + self._writing.locked()
        return PoolStats(busy, READER_COUNT + 1 - busy, self._readers.waiting + self._waiting)

    @override
    async def close(self) -> None:
        async with self._writing:
            self._readers.close()
            self._writer.close()

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        compiled = statement.compiled(self.dialect)
        parameters = compiled.bind(values)
        return await self._read(lambda connection: _json(connection, compiled, parameters))

    @override
    async def rows(self, statement: Statement[RowT], **values: Any) -> list[RowT]:
        compiled = statement.compiled(self.dialect)
        parameters = compiled.bind(values)
        return await self._read(lambda connection: _rows(connection, compiled, parameters))

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._readers.run(work)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise TimedOut(_STOPPED) from error

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        await self._turn()
        try:
            async with self._begun():
                yield SqliteTransaction(self._writer, self.dialect)
        except sqlite3.IntegrityError as error:
            raise ConcurrentWrite(str(error)) from error
        except sqlite3.OperationalError as error:
            raise _unavailable(error) from error
        finally:
            self._writing.release()

    async def _turn(self) -> None:
        if not self._writing.locked():
            await self._writing.acquire()
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._writing.acquire()
        except TimeoutError:
            raise Unavailable(BUSY) from None
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[None]:
        try:
            # Inside: whoever is cancelled while it begins leaves it begun, for the thread goes on.
            await self._writer.run(lambda connection: connection.execute("BEGIN IMMEDIATE"))
            yield
        except BaseException:
            await asyncio.shield(self._writer.run(_roll_back))
            raise
        await run_uncancelled(self._writer.run(_commit))


_STOPPED = "The database took too long, so it was stopped. Ask for less, or try again."


def _unavailable(error: sqlite3.OperationalError) -> Unavailable:
    if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
        return TimedOut(_STOPPED)
    if error.sqlite_errorcode == sqlite3.SQLITE_IOERR_FSYNC:  # written whole, but perhaps not on the disk
        return OutcomeUnknown()
    return Unavailable(f"The embedded database can't take the change: {error}. Nothing was changed.")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


class SqliteTransaction(Transaction):
    """One transaction on the writer's connection."""

    def __init__(self, worker: Workers, dialect: Any) -> None:
        self._worker = worker
        self._dialect = dialect

    @override
    async def rows(self, statement: Statement[RowT], **values: Any) -> list[RowT]:
        compiled = statement.compiled(self._dialect)
        parameters = compiled.bind(values)
        return await self._worker.run(lambda connection: _rows(connection, compiled, parameters))

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        compiled = statement.compiled(self._dialect)
        parameters = compiled.bind(values)
        return await self._worker.run(
            lambda connection: connection.execute(compiled.sql, parameters).rowcount
        )

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        compiled = statement.compiled(self._dialect)
        parameters = [compiled.bind(each) for each in values]
        await self._worker.run(lambda connection: connection.executemany(compiled.sql, parameters))

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        compiled = statement.compiled(self._dialect)
        parameters = compiled.bind(values)
        return await self._worker.run(lambda connection: _json(connection, compiled, parameters))


def _json(connection: sqlite3.Connection, compiled: CompiledStatement, parameters: list[Any]) -> bytes | None:
    try:
        row = connection.execute(compiled.sql, parameters).fetchone()
    except sqlite3.OperationalError as error:
        if str(error).startswith(_TOO_COMPLEX):
            raise StatementTooComplex from error
        raise
    return None if row is None or row[0] is None else row[0].encode()


def _rows(
    connection: sqlite3.Connection, compiled: CompiledStatement[RowT], parameters: list[Any]
) -> list[RowT]:
    return [compiled.row(each) for each in connection.execute(compiled.sql, parameters)]
