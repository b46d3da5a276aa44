"""From a GraphQL request to the bytes of its answer."""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from inspect import isawaitable
from time import perf_counter
from typing import Any

import orjson
from graphql import GraphQLError, OperationDefinitionNode, OperationType, execute
from graphql.execution.values import VariableValues

from db.caller import Caller
from db.database import Database
from db.errors import Unanswerable, Unavailable
from schema.admission import Admission, Bounds
from schema.building import DealdeskSchema
from schema.context import Context
from schema.limits import DEFAULT_LIMITS, Exceeded, OperationLimits
from schema.listening import Feed, Stopped
from schema.observing import CANCELED, Observation, Observe
from schema.passing import passed
from schema.preparing import Preparer, RequestError
from schema.reading.collecting import Collector
from schema.reading.documents import Document
from schema.reading.errors import BadInput
from schema.reading.reader import Reader
from schema.reading.resolving import BAD_USER_INPUT
from schema.seats import Seats
from schema.telling import ToldEvent, told
from schema.throttling import Charge, Throttle, Throttled

_log = logging.getLogger("dealdesk.graphql")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks; ``operations`` are the kinds that the transport lets through.

    ``tells_cost`` puts what it cost into the answer.
    """

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    operations: frozenset[OperationType] = frozenset({OperationType.QUERY, OperationType.MUTATION})
    id: str | None = None
    tells_cost: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON of a GraphQL response. ``ran`` is false where the request could not be run at all.

    ``event_id`` is that of the event of which a subscription is told. ``retry_after`` are the seconds after
    which a request of which nothing came may do better.
    """

    body: bytes
    ran: bool = True
    codes: frozenset[str] = frozenset()
    event_id: str | None = None
    retry_after: int | None = None


class OperationKindError(Exception):
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
        observers: Sequence[Observe] = (),
        bounds: Bounds = Bounds(),  # noqa: B008 - it does not change
        limits: OperationLimits = DEFAULT_LIMITS,
    ) -> None:
        self._schema = schema
        self._database = database
        self._observers = observers
        self.feed = Feed(database)
        self.admission = Admission(bounds)
        self._preparer = Preparer(schema.graphql, limits)
        self._throttle = Throttle(limits)
        self._seats = Seats(limits.subscriptions_per_caller, "subscriptions")

    async def answer(self, request: Request, caller: Caller) -> Answer:
        """Return the answer; whatever goes wrong is in it, and nothing unexpected is told outside.

        Raises:
            OperationKindError: the operation is of a kind that the transport doesn't carry.
        """
        began = perf_counter()
        try:
            reader, charge = self._prepared(request, caller)
        except RequestError as error:
            return self._refuse(request, error, began)
        return await self._run(request, reader, charge, began)

    def answers(
        self, request: Request, caller: Callable[[], Caller], after: str = ""
    ) -> AsyncGenerator[Answer, None]:
        """Return the answer to a query or a mutation, or those to a subscription: one for each event.

        Each is given on behalf of whom ``caller`` says at that moment. ``after`` is the id of the last event
        that the client knows; it goes before the argument of that name. An answer that did not run is the
        last. A server that stops ends a subscription with ``Stopped``.

        Raises:
            OperationKindError: the operation is of a kind that the transport doesn't carry.
        """
        began = perf_counter()
        try:
            reader, charge = self._prepared(request, caller())
        except RequestError as error:
            return _only(self._refuse(request, error, began))
        if reader.operation.operation is OperationType.SUBSCRIPTION:
            return self._tell(request, reader, told(reader, self.feed, caller, after), began)
        return self._ask(request, reader, charge, began)

    def _prepared(self, request: Request, caller: Caller) -> tuple[Reader, Charge]:
        document = self._preparer.document(request.query)
        operation = _operation(document, request)
        variables = self._preparer.variables(document, operation, request.variables or {})
        try:
            cost = self._preparer.cost(document, operation, variables)
            charge = self._throttle.charge(caller, cost)
        except (Exceeded, Throttled) as error:
            raise RequestError(error.code, [error]) from error
        return self._reader(caller, document, operation, variables), charge

    def _reader(
        self,
        caller: Caller,
        document: Document,
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> Reader:
        schema = self._schema
        database = self._database.of(caller.organization_id)
        collector = Collector(schema.graphql, document.fragments, variables)
        return Reader(schema.catalog, schema.policies, database, caller, document, operation, collector)

    async def _tell(
        self, request: Request, reader: Reader, events: AsyncGenerator[ToldEvent, None], began: float
    ) -> AsyncGenerator[Answer, None]:
        codes = frozenset[str]()
        try:
            with self._seats.taken(reader.caller):
                async with aclosing(events):
                    async for event in events:
                        yield Answer(event.body, event_id=event.id)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - told like any other: what is unexpected is logged and masked
            failure = _failure(error, request)
            codes = failure.codes
            yield failure
        finally:
            self._observe(request, reader, codes, began)

    async def _ask(
        self, request: Request, reader: Reader, charge: Charge, began: float
    ) -> AsyncGenerator[Answer, None]:
        yield await self._run(request, reader, charge, began)

    async def _run(self, request: Request, reader: Reader, charge: Charge, began: float) -> Answer:
        codes = CANCELED
        try:
            answer = await self._admitted(request, reader)
            codes = answer.codes
        finally:
            self._observe(request, reader, codes, began)
        actual = charge.settle(answer.body)
        return _with_cost(answer, charge.told(actual)) if request.tells_cost else answer

    async def _admitted(self, request: Request, reader: Reader) -> Answer:
        try:
            async with self.admission:
                return await self._answered(request, reader)
        except Unavailable as error:
            return _failure(error, request)

    async def _answered(self, request: Request, reader: Reader) -> Answer:
        try:
            text = await passed(self._schema, reader)
        except Exception as error:  # noqa: BLE001 - told like any other: what is unexpected is logged and masked
            return _answer(None, [_located(error)], request)
        finally:
            if reader.operation.operation is OperationType.MUTATION:
                self.feed.stir()
        return Answer(text) if text else await self._execute(request, reader)

    def _refuse(self, request: Request, error: RequestError, began: float) -> Answer:
        answer = _refusal(error)
        self._observe(request, None, answer.codes, began)
        return answer

    def _observe(self, request: Request, reader: Reader | None, codes: frozenset[str], began: float) -> None:
        if not self._observers:
            return
        asked, refusals = (None, ()) if reader is None else (reader.asked, reader.refusals)
        observation = Observation(request.id, asked, codes, refusals, perf_counter() - began)
        for observe in self._observers:
            observe(observation)

    async def _execute(self, request: Request, reader: Reader) -> Answer:
        result: Any = execute(
            self._schema.graphql,
            reader.document.ast,
            context_value=Context(replace(reader, names_types=True)),
            variable_values=dict(request.variables or {}),
            operation_name=request.operation_name,
            executor_class=self._schema.strawberry.execution_context_class,
        )
        if isawaitable(result):
            result = await result
        return _answer(result.data, result.errors or [], request)


def _operation(document: Document, request: Request) -> OperationDefinitionNode:
    operation = document.operation(request.operation_name)
    if operation is None:
        message = "Name the operation to run with operationName: one that the document holds."
        raise RequestError("OPERATION_RESOLUTION_FAILURE", [GraphQLError(message)])
    if operation.operation not in request.operations:
        raise OperationKindError(operation.operation)
    return operation


def _refusal(error: RequestError) -> Answer:
    errors = [
        {**each.formatted, "extensions": {"code": error.code, **(each.extensions or {})}}
        for each in error.errors
    ]
    retry_after = next((each.retry_after for each in error.errors if isinstance(each, Throttled)), None)
    body = orjson.dumps({"errors": errors})
    return Answer(body, ran=False, codes=frozenset({error.code}), retry_after=retry_after)


def _with_cost(answer: Answer, cost: Mapping[str, Any]) -> Answer:
    body = b'%s,"extensions":{"cost":%s}}' % (answer.body[:-1], orjson.dumps(cost))
    return replace(answer, body=body)


async def _only(answer: Answer) -> AsyncGenerator[Answer, None]:
    yield answer


def _failure(error: Exception, request: Request) -> Answer:
    failure = _told(_located(error), request.id)
    extensions = failure["extensions"]
    return Answer(
        orjson.dumps({"errors": [failure]}),
        ran=False,
        codes=frozenset({extensions["code"]}),
        retry_after=extensions.get("retryAfter"),
    )


def _answer(data: Any, errors: Sequence[GraphQLError], request: Request) -> Answer:
    if not errors:
        return Answer(orjson.dumps({"data": data}))
    told = [_told(error, request.id) for error in errors]
    codes = frozenset(error["extensions"]["code"] for error in told)
    retry_after = None if data else told[0]["extensions"].get("retryAfter")
    return Answer(orjson.dumps({"data": data, "errors": told}), codes=codes, retry_after=retry_after)


def _located(error: Exception) -> GraphQLError:
    if isinstance(error, BadInput):
        return GraphQLError(str(error), extensions=BAD_USER_INPUT)
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


def _told(error: GraphQLError, request_id: str | None) -> dict[str, Any]:
    told: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    if isinstance(cause, Unanswerable):
        return told | {"message": str(cause), "extensions": BAD_USER_INPUT}
    if isinstance(cause, Unavailable):
        extensions = {"code": cause.code, "retryAfter": cause.retry_after}
        return told | {"message": str(cause), "extensions": extensions}
    if error.extensions and "code" in error.extensions:
        return told
    if isinstance(cause, GraphQLError):  # graphql-core's own, about an argument that a variable spoils
        return told | {"extensions": BAD_USER_INPUT}
    _log.error("request %s failed at %s", request_id, error.path, exc_info=cause or error)
    message = "Something went wrong on our side. Tell us the request id."
    return told | {
        "message": message,
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    }
