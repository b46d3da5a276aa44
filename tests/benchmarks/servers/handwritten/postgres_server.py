"""Hand-written SQL on PostgreSQL: asyncpg, a LIFO queue of connections, and text decoded as bytes."""

from asyncio import LifoQueue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from typing_extensions import override

from tests.benchmarks.servers.asgi_server import CONNECTIONS, Settings, serve
from tests.benchmarks.servers.handwritten.app import HandwrittenSql, create_app, statement

_BEFORE_ALL = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
# Each statement has one good plan; comparing it with a custom plan takes as long as running it.
_SESSION = {"plan_cache_mode": "force_generic_plan"}
_sql = partial(statement, "postgresql")


class PostgresSql(HandwrittenSql):
    """Runs the statements on ten connections."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._organization = settings.organization_id
        self._free: LifoQueue[Any] = LifoQueue()

    @override
    async def open(self) -> None:
        for _ in range(CONNECTIONS):
            connection = await asyncpg.connect(self._settings.database_url, server_settings=_SESSION)
            await connection.set_type_codec(
                "text", schema="pg_catalog", encoder=str.encode, decoder=bytes, format="binary"
            )
            self._free.put_nowait(connection)

    @override
    async def read(self, statement: str, *values: Any) -> bytes:
        async with self._connection() as connection:
            return await connection.fetchval(_sql(statement), self._organization, *values)  # type: ignore[no-any-return]

    @override
    async def page(self, cursor: str | None) -> bytes:
        return await self.read("page", *_position(cursor))

    @override
    async def close_quotes(self, opportunity: UUID) -> bytes | None:
        key = (self._organization, opportunity)
        async with self._connection() as connection, connection.transaction():
            if await connection.fetchval(_sql("lock_opportunity"), *key) != b"OPEN":
                return None
            return await connection.fetchval(_sql("close_quotes"), *key, self._settings.user_id)  # type: ignore[no-any-return]

    @override
    async def close_opportunity(self, opportunity: UUID) -> bytes | None:
        key = (self._organization, opportunity)
        async with self._connection() as connection, connection.transaction():
            if await connection.fetchval(_sql("lock_opportunity"), *key) != b"OPEN":
                return None
            if blocking := await connection.fetchval(_sql("blocking_quotes"), *key):
                return blocking  # type: ignore[no-any-return]
            return await connection.fetchval(_sql("close_opportunity"), *key, self._settings.user_id)  # type: ignore[no-any-return]

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)


def _position(cursor: str | None) -> tuple[datetime, UUID]:
    if cursor is None:
        return _BEFORE_ALL
    moment, _, opportunity = cursor.partition("/")
    return datetime.fromisoformat(moment), UUID(opportunity)


if __name__ == "__main__":
    settings = Settings.from_environment()
    serve(create_app(PostgresSql(settings)), settings.port)
