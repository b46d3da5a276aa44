"""PostgreSQL through asyncpg: SQLAlchemy compiles, the driver runs."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import lru_cache, partial
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
_PARAMETER = re.compile(r"\$(\d+)")
_MOST_WAITING = 16
"""Rows that are written as one statement; more of them the driver sends as many of a kind."""

_SESSION = {
    "datestyle": "ISO, YMD",  # answers hold dates as PostgreSQL writes them
    "timezone": "UTC",
    "jit": "off",  # compiling such short statements costs more than it saves
    # Each shape of a request has a statement of its own, so planning it for every value finds nothing new:
    # a page with its pageInfo takes half the time without.
    "plan_cache_mode": "force_generic_plan",
}
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
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        compiled = statement.compiled(self.dialect)
        parameters = compiled.bind(values)
        try:
            async with self._pool.connection() as connection:
                records = await connection.fetch(compiled.sql, *parameters)
        except _OUT_OF_REACH as error:
            raise Unavailable(_TRY_AGAIN) from error
        return [compiled.row(record) for record in records]

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        try:
            async with self._pool.connection() as connection, connection.transaction():
                transaction = PostgresTransaction(connection, self.dialect)
                yield transaction
                await transaction.catch_up()
        except _LOST_RACES as error:
            raise LostRace from error
        except _OUT_OF_REACH as error:
            raise Unavailable(_TRY_AGAIN) from error


class PostgresTransaction(Transaction):
    """One transaction on one connection.

    Rows that ``execute_many`` is to insert wait until another statement comes, and then go in one round
    trip: the few that a rule leaves behind cost as much as one. Parts of one statement don't see each other's
    effects, so nothing but insertions waits.
    """

    def __init__(self, connection: Any, dialect: Any) -> None:
        self._connection = connection
        self._dialect = dialect
        self._waiting: list[tuple[str, list[Any]]] = []

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        await self.catch_up()
        compiled = statement.compiled(self._dialect)
        records = await self._connection.fetch(compiled.sql, *compiled.bind(values))
        return [compiled.row(record) for record in records]

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        await self.catch_up()
        compiled = statement.compiled(self._dialect)
        status = await self._connection.execute(compiled.sql, *compiled.bind(values))
        return int(status.rpartition(" ")[2])

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        compiled = statement.compiled(self._dialect)
        rows = [compiled.bind(each) for each in values]
        if statement.is_insertion and len(self._waiting) + len(rows) <= _MOST_WAITING:
            self._waiting += [(compiled.sql, row) for row in rows]
            return
        await self.catch_up()
        await self._connection.executemany(compiled.sql, rows)

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        await self.catch_up()
        compiled = statement.compiled(self._dialect)
        return await self._connection.fetchval(compiled.sql, *compiled.bind(values))  # type: ignore[no-any-return]

    async def catch_up(self) -> None:
        """Write what waits, as parts of one statement."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            parameters = [value for _, row in waiting for value in row]
            await self._connection.execute(_together(tuple([sql for sql, _ in waiting])), *parameters)


@lru_cache(256)
def _together(insertions: tuple[str, ...]) -> str:
    """Return one statement that inserts these rows: those of a table in their order."""
    taken = 0
    parts: dict[str, list[str]] = {}
    for sql in insertions:
        head, _, row = sql.partition(" VALUES ")
        row = row.partition(" RETURNING ")[0]
        parts.setdefault(head, []).append(_PARAMETER.sub(partial(_moved, taken), row))
        taken += row.count("$")
    inserts = [f"{head} VALUES {', '.join(rows)}" for head, rows in parts.items()]
    return "WITH " + ", ".join(f"w{place} AS ({each})" for place, each in enumerate(inserts)) + " SELECT"


def _moved(by: int, parameter: re.Match[str]) -> str:
    return f"${int(parameter[1]) + by}"


async def _connect(url: str) -> Any:
    connection = await asyncpg.connect(
        url,
        statement_cache_size=_PREPARED,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
        server_settings=_SESSION,
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
