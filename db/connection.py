"""The driver's connection to PostgreSQL, with what it lacks."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg.protocol import Record

from db.ahead import BEGINNING, running


class Connection(asyncpg.Connection):  # type: ignore[misc] # the driver has no types
    """A connection on which something may go ahead of the next statement: ``db.ahead`` says how."""

    __slots__ = ()

    @property
    def asked(self) -> int:
        """How many statements it was asked to run so far, without those that went ahead."""
        return self._protocol.queries_count  # type: ignore[no-any-return]

    async def value(self, sql: str, *parameters: Any) -> Any:
        """Run a statement, in no transaction, and return the first value of its first row, None without rows.

        ``fetchval`` does the same through more layers, which would be a thirtieth of what a small read takes.
        """
        statement = self._stmt_cache.get((sql, Record, False))
        if statement is None:
            return await self.fetchval(sql, *parameters)
        try:
            rows = await self._protocol.bind_execute(statement, parameters, "", 1, False, None)
        except asyncpg.InvalidCachedStatementError:
            return await self.fetchval(sql, *parameters)  # which prepares it again
        return rows[0][0] if rows else None

    def begin(self) -> None:
        """Begin a transaction; what PostgreSQL says to it comes with the answer to the next statement.

        Raises:
            asyncpg.InterfaceError: the connection was closed.
        """
        self._check_connected()
        self._transport.write(BEGINNING)

    async def send(self, sql: str, parameters: Sequence[Any]) -> None:
        """Run a statement that returns no rows; what becomes of it is told to the next one.

        That must be one that the driver prepares, as all are that return rows. After an error PostgreSQL
        would not answer others.

        Raises:
            asyncpg.InterfaceError: the connection was closed.
            asyncpg.PostgresError: it can't be prepared.
            TypeError: a parameter is of a type that has no text here.
        """
        self._check_connected()
        statement = await self._get_statement(sql, None)  # the driver's cache, which it fills only at first
        self._transport.write(running(statement.name, parameters))

    def _check_connected(self) -> None:
        if self._transport.is_closing():
            raise asyncpg.InterfaceError("The connection is closed.")
