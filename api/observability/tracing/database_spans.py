"""Spans for transactions and statements, named by the statement's verb and table ("SELECT opportunity")."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import lru_cache
from uuid import UUID

from opentelemetry.trace import SpanKind, Tracer, get_current_span
from sqlalchemy import Dialect
from typing_extensions import override

from db.sql.database import Database, PoolStats, Transaction
from db.sql.statements import RowT, Statement

_VERB = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE)\b")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE) "?([a-z_]+)')
_PARENTHESES = re.compile(r"(?<!FROM )\([^()]*\)")


class TracedDatabase(Database):
    """A database that opens a span for each transaction and each statement of a request."""

    def __init__(self, database: Database, tracer: Tracer) -> None:
        self._database = database
        self._tracer = tracer
        self._spans = _Spans(tracer, database.dialect)
        self.dialect = database.dialect
        self.retry_counter = database.retry_counter
        self.busy_time = database.busy_time

    @override
    async def json(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        with self._spans.of_statement(statement):
            return await self._database.json(statement, values)

    @override
    async def rows(self, statement: Statement[RowT], **values: object) -> list[RowT]:
        with self._spans.of_statement(statement):
            return await self._database.rows(statement, **values)

    @override
    def for_organization(self, organization_id: UUID) -> "TracedDatabase":
        return TracedDatabase(self._database.for_organization(organization_id), self._tracer)

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        with self._spans.span("transaction"):
            async with self._database.transaction() as transaction:
                yield _TracedTransaction(transaction, self._spans)

    @override
    def pool_stats(self) -> PoolStats:
        return self._database.pool_stats()

    @override
    async def close(self) -> None:
        await self._database.close()


class _TracedTransaction(Transaction):
    def __init__(self, transaction: Transaction, spans: "_Spans") -> None:
        self._transaction = transaction
        self._spans = spans

    @override
    async def rows(self, statement: Statement[RowT], **values: object) -> list[RowT]:
        with self._spans.of_statement(statement):
            return await self._transaction.rows(statement, **values)

    @override
    async def execute(self, statement: Statement, **values: object) -> int:
        with self._spans.of_statement(statement):
            return await self._transaction.execute(statement, **values)

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, object]]) -> None:
        with self._spans.of_statement(statement):
            await self._transaction.execute_many(statement, values)

    @override
    async def json(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        with self._spans.of_statement(statement):
            return await self._transaction.json(statement, values)


class _Spans:
    """Opens spans inside other spans only: statements of background jobs belong to no request."""

    def __init__(self, tracer: Tracer, dialect: Dialect) -> None:
        self._tracer = tracer
        self._dialect = dialect

    def of_statement(self, statement: Statement) -> AbstractContextManager[None]:
        return self.span(summary(statement, self._dialect))

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        if not get_current_span().is_recording():
            yield
            return
        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": self._dialect.name, "db.query.summary": name},
            record_exception=False,  # its message may contain a value
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                raise


@lru_cache(4096)
def summary(statement: Statement, dialect: Dialect) -> str:
    """Return the verb and the first table of a statement; a table outside parentheses comes first."""
    sql = outside = statement.compiled(dialect).sql
    replaced = 1
    while replaced:
        outside, replaced = _PARENTHESES.subn("", outside)
    verb, table = _VERB.search(sql), _TABLE.search(outside) or _TABLE.search(sql)
    return " ".join(match[1] for match in (verb, table) if match) or "statement"
