"""The same rules on the same database, with everything taken away that keeps concurrent ones apart.

What is gone: the foreign key of active quotes, the index of one standing activity, the locks, the states in
the conditions of updates, and the transaction around what is read and what is written.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Dialect, text
from typing_extensions import override

from db.connect import open_database
from db.sql.database import Database, Transaction
from db.sql.statements import CompiledStatement, Statement

T = TypeVar("T")


async def drop_constraints(url: str) -> None:
    """Take from the schema what keeps bad states out of it."""
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
_ON_SQLITE = (  # a constraint can't be dropped there
    "DROP INDEX one_standing_close",
    "PRAGMA writable_schema=ON",
    _SATISFY_EVERY_QUOTE,
)


async def write_without_guards(database: Database, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """Run ``work`` once; what it reads isn't in the transaction in which it writes."""
    async with AsyncExitStack() as stack:
        return await work(_Unguarded(database, stack))


class _Unguarded(Transaction):
    """Reads on their own; a transaction begins with the first write, as Python's SQLite driver has it."""

    def __init__(self, database: Database, stack: AsyncExitStack) -> None:
        self._database = database
        self._stack = stack
        self._writing: Transaction | None = None

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        async with self._database.transaction() as reading:
            return await reading.rows(_WithoutConditions(statement), **values)

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        return await (await self._transaction()).execute(_WithoutConditions(statement), **values)

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


_STATE_CONDITION = re.compile(
    r"\w+\.state (?:= ANY\(([^)]+)\)|IN \(SELECT value FROM json_each\(([^)]+)\)\)|= ([^ )]+))"
)


class _WithoutConditions(Statement):
    """A statement that takes no lock and, if it is an update, takes every state for the right one."""

    __slots__ = ("_statement",)

    def __init__(self, statement: Statement) -> None:
        self._statement = statement

    @override
    def compiled(self, dialect: Dialect) -> CompiledStatement:
        compiled = self._statement.compiled(dialect)
        sql = compiled.sql.replace(" FOR UPDATE", "")
        if sql.startswith("UPDATE"):
            sql = _STATE_CONDITION.sub(lambda match: f"{match[match.lastindex or 0]} IS NOT NULL", sql)
        return replace(compiled, sql=sql)
