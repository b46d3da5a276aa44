"""PostgreSQL through asyncpg: SQLAlchemy compiles the statements, the driver runs them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Self
from uuid import UUID

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from typing_extensions import override

from db.domain.errors import (
    DealdeskError,
    OutcomeUnknown,
    RejectedByDatabase,
    StatementTooComplex,
    TimedOut,
    Unavailable,
)
from db.postgres.connection import Connection, connect
from db.postgres.pool import Pool
from db.postgres.tenant_role import check_can_set_role
from db.postgres.url import unknown_parameter
from db.sql.cancellation import run_uncancelled
from db.sql.database import BusyTime, ConcurrentWrite, Database, PoolStats, RetryCounter, Transaction
from db.sql.statements import RowT, Statement
from db.sql.timeouts import NO_TIMEOUT, Timeouts

CONNECTIONS = 10
WRITERS = 6
"""How many connections write at once: more hinder each other, and readers need not wait for locks."""

_CONNECTION_LOST = (
    OSError,  # TimeoutError, too: the server is silent
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server said that it stops, and the connection is still open
)
_FAILURES = (
    *_CONNECTION_LOST,
    asyncpg.InsufficientResourcesError,  # connections, memory or disk
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.InvalidParameterValueError,
)


class PostgresDatabase(Database):
    """One PostgreSQL database, seen by one organization or, without an ``organization_id``, by all."""

    def __init__(
        self,
        pool: Pool,
        dialect: Dialect,
        retry_counter: RetryCounter,
        organization_id: UUID | None = None,
    ) -> None:
        self.dialect = dialect
        self.retry_counter = retry_counter
        self.busy_time = BusyTime()
        self._pool = pool
        self._organization_id = organization_id

    @classmethod
    async def open(cls, url: str, timeouts: Timeouts = NO_TIMEOUT, *, connections: int = CONNECTIONS) -> Self:
        """Connect to ``postgresql://user:password@host:port/database``.

        Raises:
            Unavailable: the server can't be reached, refuses the connection, or its user can't take the role
                of callers.
            InvalidUrlParameter: a parameter of the URL can't be used.
        """
        writers = min(WRITERS, connections)
        pool = Pool(lambda: connect(url, timeouts), connections, writers, timeouts.acquire)
        try:
            async with pool.connection(None) as connection:
                await check_can_set_role(connection)
        except DealdeskError:
            await pool.close()
            raise
        except asyncpg.UndefinedObjectError as error:
            await pool.close()
            raise unknown_parameter(error) from error
        except (*_FAILURES, asyncpg.PostgresError) as error:
            await pool.close()
            raise Unavailable(f"PostgreSQL can't be reached: {error or 'it does not answer'}") from error
        return cls(pool, asyncpg_dialect.dialect(), RetryCounter())  # type: ignore[no-untyped-call]

    @override
    def for_organization(self, organization_id: UUID) -> "PostgresDatabase":
        return PostgresDatabase(self._pool, self.dialect, self.retry_counter, organization_id)

    @override
    def pool_stats(self) -> PoolStats:
        return self._pool.stats()

    @override
    async def close(self) -> None:
        await self._pool.close()

    @override
    async def json(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        compiled = statement.compiled(self.dialect)
        parameters = compiled.bind(values)
        try:
            async with self._pool.connection(self._organization_id, self.busy_time) as connection:
                return await connection.fetchval(compiled.sql, *parameters)  # type: ignore[no-any-return]
        except _FAILURES as error:
            raise _translated(error) from error

    @override
    async def rows(self, statement: Statement[RowT], **values: object) -> list[RowT]:
        compiled = statement.compiled(self.dialect)
        parameters = compiled.bind(values)
        try:
            async with self._pool.connection(self._organization_id, self.busy_time) as connection:
                records = await connection.fetch(compiled.sql, *parameters)
        except _FAILURES as error:
            raise _translated(error) from error
        return [compiled.row(record) for record in records]

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        is_committing = False
        try:
            async with self._pool.connection_to_write(self._organization_id, self.busy_time) as connection:
                await connection.execute("BEGIN")
                yield PostgresTransaction(connection, self.dialect)
                is_committing = True
                await run_uncancelled(connection.execute("COMMIT"))
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
            raise ConcurrentWrite from error
        except asyncpg.IntegrityConstraintViolationError as error:
            raise ConcurrentWrite(error.constraint_name or error.args[0]) from error
        except _FAILURES as error:
            if is_committing and isinstance(error, _CONNECTION_LOST):
                raise OutcomeUnknown from error
            raise _translated(error) from error


class PostgresTransaction(Transaction):
    """One transaction on one connection."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    @override
    async def rows(self, statement: Statement[RowT], **values: object) -> list[RowT]:
        compiled = statement.compiled(self._dialect)
        records = await self._connection.fetch(compiled.sql, *compiled.bind(values))
        return [compiled.row(record) for record in records]

    @override
    async def json(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        compiled = statement.compiled(self._dialect)
        return await self._connection.fetchval(compiled.sql, *compiled.bind(values))  # type: ignore[no-any-return]

    @override
    async def execute(self, statement: Statement, **values: object) -> int:
        compiled = statement.compiled(self._dialect)
        status: str = await self._connection.execute(compiled.sql, *compiled.bind(values))
        return int(status.rpartition(" ")[2])  # as in "UPDATE 3"

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, object]]) -> None:
        compiled = statement.compiled(self._dialect)
        await self._connection.executemany(compiled.sql, [compiled.bind(each) for each in values])


def _translated(error: Exception) -> RejectedByDatabase | Unavailable:
    match error:
        case asyncpg.ProgramLimitExceededError():
            return StatementTooComplex()
        case asyncpg.InvalidParameterValueError():
            return RejectedByDatabase(
                "The database does not know a value of this request, such as a time zone. Send another value."
            )
        case asyncpg.LockNotAvailableError():
            return TimedOut("Another transaction is changing the same rows. Nothing was changed; try again.")
        case asyncpg.QueryCanceledError():
            return TimedOut("A database statement took too long and was stopped. Request less, or try again.")
        case asyncpg.InsufficientResourcesError():
            return Unavailable("The database is out of disk, memory or connections. Try again later.")
    return Unavailable("The database can't be reached. Try again in a moment.")
