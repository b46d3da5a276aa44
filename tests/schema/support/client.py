"""Clients that execute requests without HTTP, and a database that records statements."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import orjson
import pytest
from typing_extensions import override

from db.domain.caller import Caller
from db.sql.database import BusyTime, Database, PoolStats, Transaction
from db.sql.statements import Statement
from schema.build import DealdeskSchema, build_schema
from schema.execution.executor import Executor, Request
from schema.execution.response import Response
from schema.limits.settings import OperationLimits
from schema.request.operation import Operation

cached_schema = cache(build_schema)
"""The schema, built once for all tests."""

_BOUNDED = OperationLimits.model_fields.keys() - {"role_factors"}
UNLIMITED = OperationLimits.model_validate(dict.fromkeys(_BOUNDED, 10**9))
"""For documents that are larger than those of any client."""


class Client:
    """Executes requests of one caller."""

    def __init__(self, database: Database, caller: Caller, schema: DealdeskSchema | None = None) -> None:
        self.database = database
        self.caller = caller
        self._executor = self._executor_of(schema or cached_schema())

    async def body(self, query: str, variables: Mapping[str, Any] | None = None, **options: Any) -> bytes:
        """Return the response's JSON text."""
        return (await self._executor.execute(Request(query, variables, **options), self.caller)).body

    async def execute(self, query: str, variables: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Return the response, errors included."""
        return orjson.loads(await self.body(query, variables, **options))

    async def data(self, query: str, **variables: Any) -> Any:
        """Return the data of a response, which must have no errors."""
        answer = await self.execute(query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def _executor_of(self, schema: DealdeskSchema) -> Executor:
        return Executor(schema, self.database, limits=UNLIMITED)


class PlannedClient(Client):
    """A client whose operations have to be answered by one plan; fails if graphql-core executes one."""

    @override
    def _executor_of(self, schema: DealdeskSchema) -> Executor:
        return _PlannedExecutor(schema, self.database, limits=UNLIMITED)


class _PlannedExecutor(Executor):
    @override
    async def _execute_by_graphql_core(self, request: Request, operation: Operation) -> Response:
        pytest.fail("This operation was left to graphql-core.")


@dataclass
class Recorder(Database):
    """A database that records the statements of reads outside of transactions, and runs them on another."""

    inner: Database
    statements: list[tuple[Statement, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dialect = self.inner.dialect
        self.retry_counter = self.inner.retry_counter
        self.busy_time = BusyTime()

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        self.statements.append((statement, values))
        return await self.inner.json(statement, values)

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        self.statements.append((statement, values))
        return await self.inner.rows(statement, **values)

    @override
    def for_organization(self, organization_id: UUID) -> Database:
        return self

    @override
    def pool_stats(self) -> PoolStats:
        return self.inner.pool_stats()

    @override
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.inner.transaction()

    @override
    async def close(self) -> None:
        await self.inner.close()
