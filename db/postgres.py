"""PostgreSQL through asyncpg: SQLAlchemy compiles, the driver runs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Self

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as dialect_of_asyncpg
from typing_extensions import override

from db.database import Database, LostRace, Transaction
from db.errors import Unavailable
from db.pool import Pool
from db.statements import Statement

_LOST_RACES = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.IntegrityConstraintViolationError,
)
_UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
)
_OUT_OF_REACH = (*_UNREACHABLE, TimeoutError)
_TRY_AGAIN = "The database can't be reached. Try again in a moment."
_CONNECTIONS = 10
_PREPARED = 256
"""Statements that each connection keeps prepared; the server holds a plan for each."""


class PostgresDatabase(Database):
    """One PostgreSQL database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.dialect = dialect_of_asyncpg.dialect()  # type: ignore[no-untyped-call]

    @classmethod
    async def open(cls, url: str, *, connections: int = _CONNECTIONS) -> Self:
        """Connect to ``postgresql://user:password@host:port/database``.

        Raises:
            Unavailable: the server can't be reached or refuses the connection.
        """
        pool = Pool(lambda: _connect(url), connections)
        try:
            async with pool.connection():
                return cls(pool)
        except (*_UNREACHABLE, asyncpg.PostgresError) as error:
            raise Unavailable(f"PostgreSQL can't be reached: {error}") from error

    @override
    async def close(self) -> None:
        await self._pool.close()

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        compiled = statement.compiled(self.dialect)
        parameters = compiled.bind(values)
        try:
            async with self._pool.connection() as connection:
                return await connection.fetchval(compiled.sql, *parameters)  # type: ignore[no-any-return]
        except _OUT_OF_REACH as error:
            raise Unavailable(_TRY_AGAIN) from error

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield PostgresTransaction(connection, self.dialect)
        except _LOST_RACES as error:
            raise LostRace from error
        except _OUT_OF_REACH as error:
            raise Unavailable(_TRY_AGAIN) from error


class PostgresTransaction(Transaction):
    """One transaction on one connection."""

    def __init__(self, connection: Any, dialect: Any) -> None:
        self._connection = connection
        self._dialect = dialect

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        compiled = statement.compiled(self._dialect)
        records = await self._connection.fetch(compiled.sql, *compiled.bind(values))
        return [compiled.row(record) for record in records]

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        compiled = statement.compiled(self._dialect)
        status = await self._connection.execute(compiled.sql, *compiled.bind(values))
        return int(status.rpartition(" ")[2])

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        compiled = statement.compiled(self._dialect)
        await self._connection.executemany(compiled.sql, [compiled.bind(each) for each in values])

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        compiled = statement.compiled(self._dialect)
        return await self._connection.fetchval(compiled.sql, *compiled.bind(values))  # type: ignore[no-any-return]


async def _connect(url: str) -> Any:
    connection = await asyncpg.connect(
        url,
        statement_cache_size=_PREPARED,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
        # The planner formats dates by their text; compiling such short statements costs more than it saves.
        server_settings={"datestyle": "ISO, YMD", "timezone": "UTC", "jit": "off"},
    )
    # Planned statements return varchar, every column of ours is text: so the answer's bytes pass through.
    await connection.set_type_codec(
        "varchar", schema="pg_catalog", encoder=str.encode, decoder=bytes, format="binary"
    )
    # The driver takes the first and the last day of the calendar for infinities; here they are days.
    await connection.set_type_codec(
        "date", schema="pg_catalog", encoder=_encoded_day, decoder=_decoded_day, format="tuple"
    )
    return connection


_FIRST_DAY = date(2000, 1, 1).toordinal()
"""The day from which PostgreSQL counts days."""


def _encoded_day(day: date) -> tuple[int]:
    return (day.toordinal() - _FIRST_DAY,)


def _decoded_day(days: tuple[int]) -> date:
    return date.fromordinal(days[0] + _FIRST_DAY)
