"""From a GraphQL request to the bytes of its answer."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from inspect import isawaitable
from time import perf_counter
from typing import Any, NamedTuple

from graphql import GraphQLError, OperationDefinitionNode, OperationType, execute
from graphql.execution.values import VariableValues

from db.domain.caller import Caller
from db.domain.errors import Unavailable
from db.sql.database import Database
from schema.build import DealdeskSchema
from schema.execution.fast_path import passed
from schema.execution.observer import CANCELED, Observation, OperationObserver
from schema.execution.prepare import DocumentPreparer, RequestError
from schema.execution.response import Response, answer_of, failed, failure, refusal
from schema.limits.concurrency import ConcurrencyLimiter, ConcurrencyLimits
from schema.limits.quota import ConcurrencyQuota
from schema.limits.rate_limit import Charge, CostRateLimiter, RateLimited
from schema.limits.settings import DEFAULT_LIMITS, LimitExceeded, OperationLimits
from schema.planner.plan.field_collector import FieldCollector
from schema.request.context import Context
from schema.request.document_cache import Document
from schema.request.operation import Operation
from schema.subscriptions.event_feed import EventFeed, ServerStopping
from schema.subscriptions.event_stream import SubscriptionResponse, subscribe


class Request(NamedTuple):
    """What a client asks; ``operations`` are the kinds that the transport lets through.

    ``tells_cost`` puts what it cost into the answer.
    """

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    operations: frozenset[OperationType] = frozenset({OperationType.QUERY, OperationType.MUTATION})
    id: str | None = None
    include_cost: bool = False


class OperationTypeNotAllowed(Exception):
    """The transport does not carry operations of this kind, such as a mutation by GET."""

    def __init__(self, kind: OperationType) -> None:
        super().__init__(f"A {kind.value} can't be sent this way.")
        self.kind = kind


class Executor:
    """Runs requests against one schema and one database; ``feed`` is what subscriptions listen to.

    ``observers`` are told of every operation that ends; ``bounds`` are those of queries and mutations, and
    ``limits`` say how much may be asked for.
    """

    def __init__(
        self,
        schema: DealdeskSchema,
        database: Database,
        observers: Sequence[OperationObserver] = (),
        bounds: ConcurrencyLimits = ConcurrencyLimits(),  # noqa: B008 - it does not change
        limits: OperationLimits = DEFAULT_LIMITS,
    ) -> None:
        self._schema = schema
        self._database = database
        self._observers = observers
        self.feed = EventFeed(database)
        self.concurrency = ConcurrencyLimiter(bounds)
        self._preparer = DocumentPreparer(schema.graphql, limits)
        self._throttle = CostRateLimiter(limits)
        self._seats = ConcurrencyQuota(limits.subscriptions_per_caller, "subscriptions")

    def execute(self, request: Request, caller: Caller) -> Awaitable[Response]:
        """Return the answer; whatever goes wrong is in it, and nothing unexpected is told outside.

        Raises:
            OperationKindError: the operation is of a kind that the transport doesn't carry.
        """
        # Not async: a coroutine that only awaits another takes time and does nothing.
        began = perf_counter()
        try:
            reader, charge = self._prepared(request, caller)
        except RequestError as error:
            return _ready(self._refuse(request, error, began))
        return self._run(request, reader, charge, began)

    def stream(
        self, request: Request, caller: Callable[[], Caller], after: str = ""
    ) -> AsyncGenerator[Response, None]:
        """Return the answer to a query or a mutation, or those to a subscription: one for each event.

        Each is given on behalf of whom ``caller`` says at that moment. ``after`` is the id of the last event
        that the client knows; it goes before the argument of that name. An answer that did not run is the
        last. A server that stops ends a subscription with ``ServerStopping``.

        Raises:
            OperationKindError: the operation is of a kind that the transport doesn't carry.
        """
        began = perf_counter()
        try:
            reader, charge = self._prepared(request, caller())
        except RequestError as error:
            return _only(self._refuse(request, error, began))
        if reader.operation.operation is OperationType.SUBSCRIPTION:
            return self._tell(request, reader, subscribe(reader, self.feed, caller, after), began)
        return self._ask(request, reader, charge, began)

    def _prepared(self, request: Request, caller: Caller) -> tuple[Operation, Charge]:
        document = self._preparer.document(request.query)
        operation = _operation(document, request)
        try:
            variables = self._preparer.variables(document, operation, request.variables or {})
            cost = self._preparer.cost(document, operation, variables)
            charge = self._throttle.charge(caller, cost)
        except (LimitExceeded, RateLimited) as error:
            raise RequestError(error.code, [error]) from error
        return self._reader(caller, document, operation, variables), charge

    def _reader(
        self,
        caller: Caller,
        document: Document,
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> Operation:
        schema = self._schema
        database = self._database.for_organization(caller.organization_id)
        collector = FieldCollector(schema.graphql, document.fragments, variables)
        return Operation(schema.catalog, schema.policies, database, caller, document, operation, collector)

    async def _tell(
        self,
        request: Request,
        reader: Operation,
        events: AsyncGenerator[SubscriptionResponse, None],
        began: float,
    ) -> AsyncGenerator[Response, None]:
        codes = frozenset[str]()
        try:
            with self._seats.acquire(reader.caller):
                async with aclosing(events):
                    async for event in events:
                        yield Response(event.body, event_id=event.id)
        except ServerStopping:
            raise
        except Exception as error:  # noqa: BLE001 - told like any other: what is unexpected is logged and masked
            told_error = failure(error, request.id)
            codes = told_error.codes
            yield told_error
        finally:
            self._observe(request, reader, codes, began)

    async def _ask(
        self, request: Request, reader: Operation, charge: Charge, began: float
    ) -> AsyncGenerator[Response, None]:
        yield await self._run(request, reader, charge, began)

    async def _run(self, request: Request, reader: Operation, charge: Charge, began: float) -> Response:
        codes = CANCELED
        try:
            answer = await self._admitted(request, reader)
            codes = answer.codes
        finally:
            self._observe(request, reader, codes, began)
        if request.include_cost:
            return answer.with_cost(charge.as_extension(charge.refund_unused(answer.body)))
        if charge.bucket is not None:
            charge.refund_unused(answer.body)
        return answer

    async def _admitted(self, request: Request, reader: Operation) -> Response:
        try:
            return await self.concurrency.run(self._answered, request, reader)
        except Unavailable as error:
            return failure(error, request.id)

    async def _answered(self, request: Request, reader: Operation) -> Response:
        try:
            text = await passed(self._schema, reader)
        except Exception as error:  # noqa: BLE001 - told like any other: what is unexpected is logged and masked
            return failed(error, request.id)
        finally:
            if reader.operation.operation is OperationType.MUTATION:
                self.feed.notify()
        return Response(text) if text else await self._execute(request, reader)

    def _refuse(self, request: Request, error: RequestError, began: float) -> Response:
        answer = refusal(error)
        self._observe(request, None, answer.codes, began)
        return answer

    def _observe(
        self, request: Request, reader: Operation | None, codes: frozenset[str], began: float
    ) -> None:
        if not self._observers:
            return
        asked, refusals = (None, ()) if reader is None else (reader.label, reader.refusals)
        observation = Observation(request.id, asked, codes, refusals, perf_counter() - began)
        for observe in self._observers:
            observe(observation)

    async def _execute(self, request: Request, reader: Operation) -> Response:
        result: Any = execute(
            self._schema.graphql,
            reader.document.ast,
            context_value=Context(replace(reader, with_typename=True)),
            variable_values=dict(request.variables or {}),
            operation_name=request.operation_name,
            executor_class=self._schema.strawberry.execution_context_class,
        )
        if isawaitable(result):
            result = await result
        return answer_of(result.data, result.errors or [], request.id)


def _operation(document: Document, request: Request) -> OperationDefinitionNode:
    operation = document.operation(request.operation_name)
    if operation is None:
        message = "Name the operation to run with operationName: one that the document holds."
        raise RequestError("OPERATION_RESOLUTION_FAILURE", [GraphQLError(message)])
    if operation.operation not in request.operations:
        raise OperationTypeNotAllowed(operation.operation)
    return operation


async def _ready(answer: Response) -> Response:
    return answer


async def _only(answer: Response) -> AsyncGenerator[Response, None]:
    yield answer
