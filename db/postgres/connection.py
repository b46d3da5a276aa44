"""The driver's connection to PostgreSQL, with what it lacks."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg.protocol import Record

from db.postgres.wire_messages import BEGINNING, preparing, running


class Connection(asyncpg.Connection):  # type: ignore[misc] # the driver has no types
    """A connection on which something may go ahead of the next: ``db.postgres.wire_messages``."""

    __slots__ = ("_commit",)

    async def prepare_commit(self) -> None:
        """Make the connection able to commit along with an answer.

        For that the driver takes COMMIT for a statement that returns a text: it prepares one that does, whose
        name then becomes that of COMMIT.
        """
        self._commit = await self._get_statement(_ANSWER, None, named=_COMMIT, use_cache=False)
        await self.execute(f"DEALLOCATE {_COMMIT}")
        self._transport.write(preparing(_COMMIT, "COMMIT"))

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
        """Run a statement; what becomes of it is told to the next one, which would take rows for its own.

        That must be one that the driver prepares, as all are that return rows. After an error PostgreSQL
        would not answer others.

        Raises:
            asyncpg.InterfaceError: the connection was closed.
            asyncpg.PostgresError: it can't be prepared.
            TypeError: a parameter is of a type that has no text here.
        """
        self._transport.write(await self._running(sql, parameters))

    async def value_and_commit(self, *statements: tuple[str, Sequence[Any]]) -> Any:
        """Run statements, of which the last returns one text at most, and commit: all in one round trip.

        If one of them fails, nothing is committed.

        Raises:
            asyncpg.InterfaceError: the connection was closed, or it is not known what became of the commit.
            asyncpg.PostgresError: a statement failed, or the commit.
            TypeError: a parameter is of a type that has no text here.
        """
        self._transport.write(b"".join([await self._running(*each) for each in statements]))
        rows = await self._protocol.bind_execute(self._commit, (), "", 0, False, None)
        if self.is_in_transaction():
            raise asyncpg.InterfaceError("The transaction goes on after its commit.")
        return rows[0][0] if rows else None

    async def _running(self, sql: str, parameters: Sequence[Any]) -> bytes:
        self._check_connected()
        statement = await self._get_statement(sql, None)  # the driver's cache, which it fills only at first
        return running(statement.name, parameters)

    def _check_connected(self) -> None:
        if self._transport.is_closing():
            raise asyncpg.InterfaceError("The connection is closed.")


_ANSWER = "SELECT ''::varchar"
_COMMIT = "dealdesk_commit"
