"""The same operations on the same database, without the guards against concurrent writes.

Removed are the foreign key of active quotes, the unique index of completed activities, the check of how many
rows an update changed, and the transaction that contains both the reads and the writes: a lock of a read is
released at once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from sqlalchemy import text
from typing_extensions import override

from db.connect import open_database
from db.sql.database import Database, Transaction
from db.sql.statements import Statement

T = TypeVar("T")


async def drop_constraints(url: str) -> None:
    """Drop the constraints that keep the invariants."""
    database = await open_database(url)
    async with database.transaction() as transaction:
        for change in _ON_SQLITE if url.startswith("sqlite") else _ON_POSTGRESQL:
            await transaction.rows(Statement(text(change)))
    await database.close()


_ON_POSTGRESQL = (
    "DROP INDEX one_standing_close",
    "ALTER TABLE quote DROP CONSTRAINT quote_active_under_open",
)
_SATISFY_EVERY_QUOTE = """
    UPDATE sqlite_master SET sql = replace(sql, '(organization_id, open_key)', '(organization_id, id)')
    WHERE name = 'quote'
"""
_ON_SQLITE = (  # SQLite cannot drop a constraint
    "DROP INDEX one_standing_close",
    "PRAGMA writable_schema=ON",
    _SATISFY_EVERY_QUOTE,
)


async def write_without_guards(database: Database, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """Run ``work`` once; its reads are not in the transaction of its writes."""
    async with AsyncExitStack() as stack:
        return await work(_Unguarded(database, stack))


class _Unguarded(Transaction):
    """Reads in transactions of their own; the first write begins another one, as in Python's sqlite3."""

    def __init__(self, database: Database, stack: AsyncExitStack) -> None:
        self._database = database
        self._stack = stack
        self._writing: Transaction | None = None

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        async with self._database.transaction() as reading:
            return await reading.rows(statement, **values)

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        return await (await self._transaction()).execute(statement, **values)

    @override
    async def update_exactly(self, statement: Statement, number: int = 1, /, **values: Any) -> None:
        await self.execute(statement, **values)

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        await (await self._transaction()).execute_many(statement, values)

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        raise NotImplementedError

    async def _transaction(self) -> Transaction:
        if self._writing is None:
            self._writing = await self._stack.enter_async_context(self._database.transaction())
        return self._writing
