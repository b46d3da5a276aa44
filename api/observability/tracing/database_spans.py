"""Spans for transactions and statements, by what they do and to which table: never with a value."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any
from uuid import UUID

from opentelemetry.trace import SpanKind, Tracer, get_current_span
from sqlalchemy import Dialect
from typing_extensions import override

from db.sql.database import Database, PoolStats, Transaction
from db.sql.statements import Statement

_VERB = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE)\b")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE) "?([a-z_]+)')
_EXPRESSION = re.compile(r"(?<!FROM )\([^()]*\)")


class _Tracing:
    """Opens spans within others alone: what the server does by itself is nobody's request."""

    def __init__(self, tracer: Tracer, dialect: Dialect) -> None:
        self._tracer = tracer
        self._dialect = dialect

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        if not get_current_span().is_recording():
            yield
            return
        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": self._dialect.name, "db.query.summary": name},
            record_exception=False,  # its text may hold a value
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                raise


class TracedDatabase(Database):
    """A database whose transactions and statements have spans."""

    def __init__(self, database: Database, tracer: Tracer) -> None:
        self._database = database
        self._tracer = tracer
        self._tracing = _Tracing(tracer, database.dialect)
        self.dialect = database.dialect
        self.retry_counter = database.retry_counter

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        with self._tracing.span(summary(statement, self.dialect)):
            return await self._database.json(statement, values)

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        with self._tracing.span(summary(statement, self.dialect)):
            return await self._database.rows(statement, **values)

    @override
    def for_organization(self, organization_id: UUID) -> "TracedDatabase":
        return TracedDatabase(self._database.for_organization(organization_id), self._tracer)

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        with self._tracing.span("transaction"):
            async with self._database.transaction() as transaction:
                yield _TracedTransaction(transaction, self._tracing, self.dialect)

    @override
    def pool_stats(self) -> PoolStats:
        return self._database.pool_stats()

    @override
    async def close(self) -> None:
        await self._database.close()


class _TracedTransaction(Transaction):
    def __init__(self, transaction: Transaction, tracing: _Tracing, dialect: Dialect) -> None:
        self._transaction = transaction
        self._tracing = tracing
        self._dialect = dialect

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        with self._tracing.span(summary(statement, self._dialect)):
            return await self._transaction.rows(statement, **values)

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        with self._tracing.span(summary(statement, self._dialect)):
            return await self._transaction.execute(statement, **values)

    @override
    async def update_exactly(self, statement: Statement, number: int = 1, /, **values: Any) -> None:
        with self._tracing.span(summary(statement, self._dialect)):
            await self._transaction.update_exactly(statement, number, **values)

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        with self._tracing.span(summary(statement, self._dialect)):
            await self._transaction.execute_many(statement, values)

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        with self._tracing.span(summary(statement, self._dialect)):
            return await self._transaction.json(statement, values)


@lru_cache(4096)
def summary(statement: Statement, dialect: Dialect) -> str:
    """Return what a statement does, and to which table: its first one outside expressions, or else inside."""
    sql = outside = statement.compiled(dialect).sql
    found = 1
    while found:
        outside, found = _EXPRESSION.subn("", outside)
    parts = [match[1] for match in (_VERB.search(sql), _TABLE.search(outside) or _TABLE.search(sql)) if match]
    return " ".join(parts) or "statement"
