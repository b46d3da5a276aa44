"""Hand-written SQL on SQLite: a pool of reader threads and one writer thread."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from typing_extensions import override

from db.domain.ids import new_id
from db.sqlite.connection import connect
from db.sqlite.database import READER_COUNT
from tests.benchmarks.servers.asgi_server import Settings, serve
from tests.benchmarks.servers.handwritten.app import HandwrittenSql, create_app, statement

T = TypeVar("T")

_BEFORE_ALL = ("", "")
_sql = partial(statement, "sqlite")


class SqliteSql(HandwrittenSql):
    """Runs the statements; each thread has its own connection."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.database_url.removeprefix("sqlite:///")
        self._organization = str(settings.organization_id)
        self._user = str(settings.user_id)
        self._here = threading.local()
        self._readers = ThreadPoolExecutor(READER_COUNT, initializer=self._connect)
        self._writer = ThreadPoolExecutor(1, initializer=self._connect)

    @override
    async def open(self) -> None:
        """Do nothing: threads connect when they start."""

    @override
    async def read(self, statement: str, *values: Any) -> bytes:
        return await self._run(self._readers, self._read, statement, *map(_stored, values))

    @override
    async def page(self, cursor: str | None) -> bytes:
        position = _BEFORE_ALL if cursor is None else tuple(cursor.split("/"))
        return await self.read("page", *position)

    @override
    async def close_quotes(self, opportunity: UUID) -> bytes | None:
        return await self._run(self._writer, self._write, self._close_quotes, str(opportunity))

    @override
    async def close_opportunity(self, opportunity: UUID) -> bytes | None:
        return await self._run(self._writer, self._write, self._close_opportunity, str(opportunity))

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)

    def _connect(self) -> None:
        self._here.connection = connect(self._path)

    def _read(self, statement: str, *values: Any) -> Any:
        connection: sqlite3.Connection = self._here.connection
        (text,) = connection.execute(_sql(statement), (self._organization, *values)).fetchone()
        return None if text is None else text.encode()

    def _write(self, work: Callable[[str], bytes], opportunity: str) -> bytes | None:
        connection: sqlite3.Connection = self._here.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            is_open = self._read("state", opportunity) == b"OPEN"
            answer = work(opportunity) if is_open else None
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return answer

    def _close_quotes(self, opportunity: str) -> bytes:
        connection: sqlite3.Connection = self._here.connection
        closed = connection.execute(_sql("close_quotes"), (self._organization, opportunity)).fetchall()
        connection.executemany(
            _sql("record_closed_quote"),
            [(self._organization, str(new_id()), quote, self._user) for _number, quote, _json in closed],
        )
        quotes = ",".join(json for _number, _quote, json in sorted(closed))
        return f'{{"data":{{"closeQuotes":{{"quotes":[{quotes}]}}}}}}'.encode()

    def _close_opportunity(self, opportunity: str) -> Any:
        if blocking := self._read("blocking_quotes", opportunity):
            return blocking
        connection: sqlite3.Connection = self._here.connection
        key = (self._organization, str(new_id()), opportunity)
        connection.execute(_sql("record_closed_opportunity"), (*key, self._user))
        (text,) = connection.execute(_sql("close_opportunity"), key).fetchone()
        return text.encode()


def _stored(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


if __name__ == "__main__":
    settings = Settings.from_environment()
    serve(create_app(SqliteSql(settings)), settings.port)
