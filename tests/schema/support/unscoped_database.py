"""A database whose statements lack the application's restriction to the caller's organization.

It shows what row-level security does alone. The restriction is removed from the SQL text, because statements are
compiled without their SQLAlchemy constructs being kept; a test checks that rows leak without row-level security.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect
from typing_extensions import override

from db.sql.database import Database, Transaction
from db.sql.statements import CompiledStatement, Statement
from tests.schema.support.client import Recorder

_RESTRICTION = re.compile(r"(?:\w+\.organization_id|(?<=WHERE )organization_\d+\.id) = (\$\d+(?:::UUID)?)")


@dataclass
class UnscopedDatabase(Recorder):
    """PostgreSQL with unrestricted statements; ``shows_all`` also disables row-level security."""

    shows_all: bool = False

    @override
    def for_organization(self, organization_id: UUID) -> Database:
        return self if self.shows_all else UnscopedDatabase(self.inner.for_organization(organization_id))

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        return await super().json(_UnscopedStatement(statement), values)

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        return await super().rows(_UnscopedStatement(statement), **values)

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.inner.transaction() as transaction:
            yield _Transaction(transaction)


class _Transaction(Transaction):
    def __init__(self, inner: Transaction) -> None:
        self._inner = inner

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        return await self._inner.rows(_UnscopedStatement(statement), **values)

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        return await self._inner.execute(_UnscopedStatement(statement), **values)

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        await self._inner.execute_many(_UnscopedStatement(statement), values)

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        return await self._inner.json(_UnscopedStatement(statement), values)


class _UnscopedStatement(Statement):
    __slots__ = ("_statement",)

    def __init__(self, statement: Statement) -> None:
        self._statement = statement

    @override
    def compiled(self, dialect: Dialect) -> CompiledStatement:
        compiled = self._statement.compiled(dialect)
        return replace(compiled, sql=_remove_restriction(compiled.sql))


@cache
def _remove_restriction(sql: str) -> str:
    return _RESTRICTION.sub(r"\1 IS NOT NULL", sql)
