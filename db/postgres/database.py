"""PostgreSQL through asyncpg: SQLAlchemy compiles, the driver runs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Self
from uuid import UUID

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as dialect_of_asyncpg
from typing_extensions import override

from db.domain.errors import OutcomeUnknown, RejectedByDatabase, StatementTooComplex, TimedOut, Unavailable
from db.postgres.connection import Connection
from db.postgres.pool import Pool, PoolLimits, closed
from db.postgres.tenant_role import check_confinable, confine
from db.postgres.write_batch import Change, Part, joined, of_columns
from db.sql.database import ConcurrentWrite, Database, PoolStats, RetryCounter, Transaction
from db.sql.statements import RowT, Statement
from db.sql.timeouts import GRACE_SECONDS, NO_TIMEOUT, Timeouts
from db.sql.uncancellable import finished

_LOST_RACES = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.DivisionByZeroError,  # more or fewer rows were changed than had to be
)
_OUT_OF_REACH = (
    OSError,
    asyncpg.PostgresConnectionError,  # also when it is silent, and given up
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,  # of connections, memory or disk
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # it was told that the server stops, and is still open
)
_TOO_LONG = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)
_UNANSWERABLE = (asyncpg.ProgramLimitExceededError, asyncpg.InvalidParameterValueError)
_FAILURES = (*_OUT_OF_REACH, *_TOO_LONG, *_UNANSWERABLE)
_CONNECTIONS = 10
_WRITERS = 6
"""So many of them write at once. More hinder each other; and these may wait for locks, readers do not."""

_MOST_WAITING = 16
"""Rows that are written as parts of one statement; more of them are sent column by column."""

_SESSION = {
    "datestyle": "ISO, YMD",  # answers hold dates as PostgreSQL writes them
    "timezone": "UTC",
    "jit": "off",  # compiling such short statements costs more than it saves
    "random_page_cost": "1.1",  # what is asked again and again is in memory, or on a disk that does not seek
    # Each shape of a request has a statement of its own, so planning it for every value finds nothing new:
    # a page with its pageInfo takes half the time without.
    "plan_cache_mode": "force_generic_plan",
    # A program that is gone, or its host, holds no lock for longer than a minute.
    "idle_in_transaction_session_timeout": "60s",
    "tcp_user_timeout": "30s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_PREPARED = 256
"""Statements that each connection keeps prepared; the server holds a plan for each."""


class PostgresDatabase(Database):
    """One PostgreSQL database."""

    def __init__(
        self, pool: Pool, dialect: Any, tally: RetryCounter, organization_id: UUID | None = None
    ) -> None:
        self._pool = pool
        self.retry_counter = tally
        self._organization_id = organization_id
        self.dialect = dialect

    @classmethod
    async def open(
        cls, url: str, timeouts: Timeouts = NO_TIMEOUT, *, connections: int = _CONNECTIONS
    ) -> Self:
        """Connect to ``postgresql://user:password@host:port/database``.

        Raises:
            Unavailable: the server can't be reached, refuses the connection, or won't hide rows from it.
        """
        patience = None if timeouts.statement is None else timeouts.statement + GRACE_SECONDS
        limits = PoolLimits(connections, min(_WRITERS, connections), timeouts.wait, patience)
        pool = Pool(lambda: _connect(url, timeouts), confine, limits)
        try:
            async with pool.writing() as connection:
                await check_confinable(connection)
                return cls(pool, dialect_of_asyncpg.dialect(), RetryCounter())  # type: ignore[no-untyped-call]
        except Unavailable:
            await pool.close()
            raise
        except (*_OUT_OF_REACH, asyncpg.PostgresError) as error:
            await pool.close()
            raise Unavailable(f"PostgreSQL can't be reached: {error or 'it does not answer'}") from error

    @override
    def for_organization(self, organization_id: UUID) -> "PostgresDatabase":
        return PostgresDatabase(self._pool, self.dialect, self.retry_counter, organization_id)

    @override
    def pool_stats(self) -> PoolStats:
        return self._pool.pool_stats()

    @override
    async def close(self) -> None:
        await self._pool.close()

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        compiled = statement.compiled(self.dialect)
        parameters = compiled.bind(values)
        try:
            return await self._pool.run(self._organization_id, Connection.value, compiled.sql, *parameters)
        except _FAILURES as error:
            raise _told(error) from error

    @override
    async def rows(self, statement: Statement[RowT], **values: Any) -> list[RowT]:
        compiled = statement.compiled(self.dialect)
        parameters = compiled.bind(values)
        try:
            records = await self._pool.run(self._organization_id, Connection.fetch, compiled.sql, *parameters)
        except _FAILURES as error:
            raise _told(error) from error
        return [compiled.row(record) for record in records]

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        transaction = None
        try:
            async with self._pool.writing(self._organization_id) as connection:
                connection.begin()
                transaction = PostgresTransaction(connection, self.dialect)
                try:
                    yield transaction
                    await transaction.end()
                except Exception as error:
                    await _roll_back(connection, error)
                    raise
        except _LOST_RACES as error:
            raise ConcurrentWrite from error
        except asyncpg.IntegrityConstraintViolationError as error:
            raise ConcurrentWrite(error.constraint_name or error.args[0]) from error
        except asyncpg.InsufficientResourcesError as error:
            raise _told(error) from error
        except _OUT_OF_REACH as error:
            is_ending = transaction is not None and transaction.is_ending
            raise OutcomeUnknown if is_ending else _told(error) from error
        except (*_TOO_LONG, *_UNANSWERABLE) as error:
            raise _told(error) from error


class PostgresTransaction(Transaction):
    """One transaction on one connection.

    What ``change`` is to change waits until another statement comes, and so do rows that ``execute_many`` is
    to insert after it. They go as one statement, ahead of the other: the few that a rule leaves behind take
    no round trip. Parts of one statement don't see each other's effects, so one change waits, and insertions
    behind it.
    """

    def __init__(self, connection: Any, dialect: Any) -> None:
        self._connection = connection
        self._dialect = dialect
        self._changing: Change | None = None
        self._inserting: list[Part] = []
        self.is_ending = False
        """Whether it may be committed."""

    @override
    async def rows(self, statement: Statement[RowT], **values: Any) -> list[RowT]:
        compiled = statement.compiled(self._dialect)
        parameters = compiled.bind(values)
        await self._send_ahead()
        return [compiled.row(each) for each in await self._connection.fetch(compiled.sql, *parameters)]

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        await self.catch_up()  # nothing goes ahead of it: without parameters the driver does not prepare it
        compiled = statement.compiled(self._dialect)
        status = await self._connection.execute(compiled.sql, *compiled.bind(values))
        return int(status.rpartition(" ")[2])  # as in "UPDATE 3"

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        compiled = statement.compiled(self._dialect)
        rows = [compiled.bind(each) for each in values]
        if statement.is_insertion and len(self._inserting) + len(rows) <= _MOST_WAITING:
            self._inserting += [Part(compiled.sql, row) for row in rows]
            return
        await self.catch_up()
        if statement.is_insertion:
            await self._connection.execute(of_columns(compiled.sql), *zip(*rows, strict=True))
        else:
            await self._connection.executemany(compiled.sql, rows)

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        compiled = statement.compiled(self._dialect)
        parameters = compiled.bind(values)
        await self._send_ahead()
        return await self._connection.fetchval(compiled.sql, *parameters)  # type: ignore[no-any-return]

    @override
    async def last_json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        compiled = statement.compiled(self._dialect)
        last = Part(compiled.sql, compiled.bind(values))
        waiting = self._waiting()
        self.is_ending = True
        return await finished(self._connection.value_and_commit(*([waiting, last] if waiting else [last])))

    async def end(self) -> None:
        """Write what waits, and commit, unless it was done with the last answer."""
        if not self.is_ending:
            await self.catch_up()
            self.is_ending = True
            await finished(self._connection.execute("COMMIT"))

    @override
    async def update_exactly(self, statement: Statement, number: int = 1, /, **values: Any) -> None:
        await self.catch_up()
        compiled = statement.compiled(self._dialect)
        self._changing = Change(Part(compiled.sql, compiled.bind(values)), number)

    async def catch_up(self) -> None:
        """Write what waits.

        Raises:
            asyncpg.DivisionByZeroError: more or fewer rows were changed than had to be.
        """
        if waiting := self._waiting():
            await self._connection.execute(waiting.sql, *waiting.parameters)

    async def _send_ahead(self) -> None:
        if waiting := self._waiting():
            await self._connection.send(*waiting)

    def _waiting(self) -> Part | None:
        changing, self._changing = self._changing, None
        inserting, self._inserting = self._inserting, []
        return joined(changing, inserting) if changing or inserting else None


async def _roll_back(connection: Any, error: Exception) -> None:
    """Undo what was done; a connection that is silent or lost is cut, and PostgreSQL does it by itself."""
    if isinstance(error, _OUT_OF_REACH):
        connection.terminate()
        return
    try:
        await connection.execute("ROLLBACK")
    except _FAILURES:
        connection.terminate()


def _told(error: Exception) -> RejectedByDatabase | Unavailable:
    match error:
        case asyncpg.ProgramLimitExceededError():
            return StatementTooComplex()
        case asyncpg.InvalidParameterValueError():
            return RejectedByDatabase(
                "The database does not know a value that was sent, such as a time zone. Send another."
            )
        case asyncpg.LockNotAvailableError():
            return TimedOut("Somebody else is changing the same. Nothing was changed; try again.")
        case asyncpg.QueryCanceledError():
            return TimedOut("The database took too long, so it was stopped. Ask for less, or try again.")
        case asyncpg.InsufficientResourcesError():
            return Unavailable("The database is out of disk, memory or connections. Try again later.")
    return Unavailable("The database can't be reached. Try again in a moment.")


def _session(timeouts: Timeouts) -> dict[str, str]:
    if timeouts.statement is None:
        return _SESSION
    return _SESSION | {
        "statement_timeout": f"{timeouts.statement:.3f}s",
        "lock_timeout": f"{min(timeouts.wait, timeouts.statement):.3f}s",
    }


async def _connect(url: str, timeouts: Timeouts) -> Any:
    connection = await asyncpg.connect(
        url,
        connection_class=Connection,
        statement_cache_size=_PREPARED,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
        server_settings=_session(timeouts),
    )
    try:
        await _set_codecs(connection)
        await connection.prepare_commit()
    except BaseException:
        await closed(connection)
        raise
    return connection


async def _set_codecs(connection: Any) -> None:
    # Planned statements return varchar, every column of ours is text: so the answer's bytes pass through.
    await connection.set_type_codec(
        "varchar", schema="pg_catalog", encoder=str.encode, decoder=bytes, format="binary"
    )
    # The driver takes the first and the last day of the calendar for infinities; here they are days.
    await connection.set_type_codec(
        "date", schema="pg_catalog", encoder=_encoded_day, decoder=_decoded_day, format="tuple"
    )


_FIRST_DAY = date(2000, 1, 1).toordinal()
"""The day from which PostgreSQL counts days."""


def _encoded_day(day: date) -> tuple[int]:
    return (day.toordinal() - _FIRST_DAY,)


def _decoded_day(days: tuple[int]) -> date:
    return date.fromordinal(days[0] + _FIRST_DAY)
