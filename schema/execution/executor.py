"""Executes GraphQL requests: from a request to the bytes of its response."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from inspect import isawaitable
from time import perf_counter
from typing import Any, NamedTuple

from graphql import GraphQLError, OperationDefinitionNode, OperationType, execute

from db.domain.caller import Caller
from db.domain.errors import Unavailable
from db.sql.database import Database
from db.sql.statements import Statement
from schema.build import DealdeskSchema
from schema.execution.observer import CANCELED, Observation, OperationObserver
from schema.execution.prepare import DocumentPreparer, RequestError
from schema.execution.response import (
    Response,
    execution_error_response,
    execution_response,
    not_executed_response,
    request_error_response,
)
from schema.limits.concurrency import ConcurrencyLimiter, ConcurrencyLimits
from schema.limits.quota import ConcurrencyQuota
from schema.limits.rate_limit import (
    Charge,
    CostRateLimiter,
    DatabaseTimeLimiter,
    PreparationLimiter,
    RateLimited,
)
from schema.limits.settings import DEFAULT_LIMITS, LimitExceeded, OperationLimits
from schema.limits.token_buckets import Bucket
from schema.mutations.run import run_mutations
from schema.planner.errors import BadInput
from schema.planner.plan.field_collector import FieldCollector
from schema.planner.plan.variables import variables_shape
from schema.request.document import Document, count_tokens
from schema.request.document_cache import DocumentCache
from schema.request.operation import Operation
from schema.request.worker import Worker
from schema.subscriptions.event_feed import EventFeed, ServerStopping
from schema.subscriptions.event_stream import subscribe


class Request(NamedTuple):
    """A GraphQL request.

    ``operation_types`` are those that the transport carries. ``include_cost`` adds the operation's
    cost to the response.
    """

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    operation_types: frozenset[OperationType] = frozenset({OperationType.QUERY, OperationType.MUTATION})
    id: str | None = None
    include_cost: bool = False


class OperationTypeNotAllowed(Exception):
    """The transport does not carry operations of this type, such as a mutation by GET."""

    def __init__(self, kind: OperationType) -> None:
        super().__init__(f"A {kind.value} can't be sent this way.")
        self.kind = kind


class _AdmittedOperation(NamedTuple):
    operation: Operation
    charge: Charge
    database_bucket: Bucket


@dataclass(frozen=True, slots=True)
class _SubscriptionBudget:
    """Reads events for one subscription within the limits of all operations."""

    operation: Operation
    concurrency: ConcurrencyLimiter
    database_time_limiter: DatabaseTimeLimiter

    def check(self) -> None:
        self.database_time_limiter.bucket(self.operation.caller)

    async def read(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        database = self.operation.database
        busy_before = database.busy_time.seconds
        try:
            return await self.concurrency.run(database.json, statement, values)
        finally:
            # No check: other subscribers may wait for the same read.
            seconds = database.busy_time.seconds - busy_before
            self.database_time_limiter.charge(self.operation.caller, seconds)


class Executor:
    """Executes requests against one schema and one database.

    ``feed`` is the event feed of its subscriptions, ``concurrency`` the limiter of its queries and mutations.
    """

    def __init__(
        self,
        schema: DealdeskSchema,
        database: Database,
        observers: Sequence[OperationObserver] = (),
        concurrency: ConcurrencyLimits = ConcurrencyLimits(),  # noqa: B008 - it is immutable
        limits: OperationLimits = DEFAULT_LIMITS,
    ) -> None:
        """Create an executor.

        Args:
            schema: the schema that requests are validated against.
            database: the database of all organizations.
            observers: functions that are called when an operation ends.
            concurrency: how many operations run and wait at once, and for how long.
            limits: the limits of documents, costs and subscriptions.
        """
        self._schema = schema
        self._database = database
        self._observers = observers
        self.feed = EventFeed(database)
        self.concurrency = ConcurrencyLimiter(concurrency)
        self._preparer = DocumentPreparer(schema.graphql, limits)
        self._documents = DocumentCache()
        self._worker = Worker()
        self._max_tokens = limits.tokens
        self._preparation_limiter = PreparationLimiter(limits)
        self._rate_limiter = CostRateLimiter(limits)
        self._database_time_limiter = DatabaseTimeLimiter(limits)
        self._subscriptions = ConcurrencyQuota(limits.subscriptions_per_caller, "subscriptions")

    def execute(self, request: Request, caller: Caller) -> Awaitable[Response]:
        """Return the response to a query or mutation; every error is part of it.

        Raises:
            OperationTypeNotAllowed: the transport does not carry operations of this type.
        """
        # Not async: a coroutine that only awaits another one costs time for nothing.
        started = perf_counter()
        document = self._documents.get(request.query)
        if document is None:
            return self._execute_new(request, caller, started)
        try:
            admitted = self._admit(request, document, caller)
        except RequestError as error:
            return _completed(self._reject(request, error, started))
        return self._respond(request, admitted, started)

    async def stream(
        self, request: Request, caller: Callable[[], Caller], after: str = ""
    ) -> AsyncGenerator[Response, None]:
        """Return a generator of the response to a query or mutation, or of a subscription's: one per event.

        Each is made for the caller that ``caller`` returns at that moment. ``after`` is the id of the last
        event that the client received; it replaces the argument of that name. A response that was not
        executed is the last one. The generator raises ServerStopping when the server stops.

        Raises:
            OperationTypeNotAllowed: the transport does not carry operations of this type.
        """
        started = perf_counter()
        try:
            document = self._documents.get(request.query) or await self._new_document(request, caller())
            admitted = self._admit(request, document, caller())
        except RequestError as error:
            return _single(self._reject(request, error, started))
        if admitted.operation.type is OperationType.SUBSCRIPTION:
            return self._subscribe(request, admitted.operation, caller, after, started)
        return self._stream_response(request, admitted, started)

    async def run_operation(self, request: Request, operation: Operation) -> Response:
        """Execute a query or mutation as soon as the concurrency limit permits. Tracing wraps this method."""
        try:
            return await self.concurrency.run(self._execute, request, operation)
        except Unavailable as error:
            return not_executed_response(error, request.id)

    async def _execute_new(self, request: Request, caller: Caller, started: float) -> Response:
        try:
            document = await self._new_document(request, caller)
            admitted = self._admit(request, document, caller)
        except RequestError as error:
            return self._reject(request, error, started)
        return await self._respond(request, admitted, started)

    async def _new_document(self, request: Request, caller: Caller) -> Document:
        try:
            tokens = min(count_tokens(request.query), self._max_tokens)
            self._preparation_limiter.charge(caller, tokens)
        except RateLimited as error:
            raise RequestError(error.code, [error]) from error
        return await self._worker.run(self._preparer.document, request.query)

    def _admit(self, request: Request, document: Document, caller: Caller) -> _AdmittedOperation:
        definition = _select_operation(document, request)
        try:
            variables = self._preparer.variables(document, definition, request.variables or {})
            cost = self._preparer.cost(document, definition, variables)
            database_bucket = self._database_time_limiter.bucket(caller)
            charge = self._rate_limiter.charge(caller, cost)
            shape = variables_shape(variables)
            plans = document.plans_of(definition, shape)
            if plans is None:
                self._preparation_limiter.charge(caller, cost.complexity)
                plans = document.add_plans(definition, shape)
        except (LimitExceeded, RateLimited) as error:
            raise RequestError(error.code, [error]) from error
        self._documents.keep(document)
        schema = self._schema
        operation = Operation(
            schema.catalog,
            schema.policies,
            self._database.for_organization(caller.organization_id),
            caller,
            document,
            definition,
            FieldCollector(schema.graphql, document.fragments, variables),
            plans,
            self._worker,
        )
        return _AdmittedOperation(operation, charge, database_bucket)

    async def _respond(self, request: Request, admitted: _AdmittedOperation, started: float) -> Response:
        operation, charge, database_bucket = admitted
        codes = CANCELED
        try:
            response = await self.run_operation(request, operation)
            codes = response.codes
        finally:
            database_bucket.tokens -= operation.database.busy_time.seconds
            self._observe(request, operation, codes, started)
        if request.include_cost:
            return response.with_cost(charge.as_extension(charge.refund_unused(response.body)))
        if charge.bucket is not None:
            charge.refund_unused(response.body)
        return response

    async def _stream_response(
        self, request: Request, admitted: _AdmittedOperation, started: float
    ) -> AsyncGenerator[Response, None]:
        yield await self._respond(request, admitted, started)

    async def _execute(self, request: Request, operation: Operation) -> Response:
        try:
            if operation.type is OperationType.MUTATION:
                return Response(await self._run_mutations(operation))
            try:
                body = await operation.query()
            except (BadInput, GraphQLError):
                body = None  # graphql-core reports the field, and answers the other ones
            return Response(body) if body else await self._execute_by_graphql_core(request, operation)
        except Exception as error:  # noqa: BLE001 - an unexpected error is logged and masked
            return execution_error_response(error, request.id)

    async def _run_mutations(self, operation: Operation) -> bytes:
        try:
            return await run_mutations(self._schema.mutations, operation)
        finally:
            self.feed.notify()

    async def _execute_by_graphql_core(self, request: Request, operation: Operation) -> Response:
        operation = replace(operation, with_typename=True)
        result: Any = execute(
            self._schema.graphql,
            operation.document.ast,
            context_value=operation,
            variable_values=dict(request.variables or {}),
            operation_name=request.operation_name,
        )
        if isawaitable(result):
            result = await result
        return execution_response(result.data, [*(result.errors or ()), *operation.errors], request.id)

    async def _subscribe(
        self,
        request: Request,
        operation: Operation,
        caller: Callable[[], Caller],
        after: str,
        started: float,
    ) -> AsyncGenerator[Response, None]:
        codes = frozenset[str]()
        try:
            with self._subscriptions.acquire(operation.caller):
                budget = _SubscriptionBudget(operation, self.concurrency, self._database_time_limiter)
                async with aclosing(subscribe(operation, self.feed, caller, after, budget)) as events:
                    async for event in events:
                        yield Response(event.body, event_id=event.id)
        except ServerStopping:
            raise
        except Exception as error:  # noqa: BLE001 - an unexpected error is logged and masked
            response = not_executed_response(error, request.id)
            codes = response.codes
            yield response
        finally:
            self._observe(request, operation, codes, started)

    def _reject(self, request: Request, error: RequestError, started: float) -> Response:
        response = request_error_response(error)
        self._observe(request, None, response.codes, started)
        return response

    def _observe(
        self, request: Request, operation: Operation | None, codes: frozenset[str], started: float
    ) -> None:
        if not self._observers:
            return
        label, refusals = (None, ()) if operation is None else (operation.label, operation.refusals)
        observation = Observation(request.id, label, codes, refusals, perf_counter() - started)
        for observe in self._observers:
            observe(observation)


def _select_operation(document: Document, request: Request) -> OperationDefinitionNode:
    operation = document.operation(request.operation_name)
    if operation is None:
        message = "Set operationName to the name of an operation in the document."
        raise RequestError("OPERATION_RESOLUTION_FAILURE", [GraphQLError(message)])
    if operation.operation not in request.operation_types:
        raise OperationTypeNotAllowed(operation.operation)
    return operation


async def _completed(response: Response) -> Response:
    return response


async def _single(response: Response) -> AsyncGenerator[Response, None]:
    yield response
