"""Responses as JSON. Unexpected errors are logged, and masked for the client."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLError

from db.domain.errors import RejectedByDatabase, Unavailable
from schema.execution.prepare import RequestError
from schema.limits.rate_limit import RateLimited
from schema.planner.errors import BAD_USER_INPUT, InvalidArguments

_log = logging.getLogger("dealdesk.graphql")


class Response(NamedTuple):
    """The JSON of a GraphQL response.

    ``executed`` is false if execution did not begin. ``codes`` are those of the errors. ``event_id`` is that
    of the event behind a response to a subscription. ``retry_after`` are the seconds to wait before a request
    that failed may succeed.
    """

    body: bytes
    executed: bool = True
    codes: frozenset[str] = frozenset()
    event_id: str | None = None
    retry_after: int | None = None

    def with_cost(self, cost: Mapping[str, object]) -> "Response":
        """Return the response with the operation's cost in its extensions."""
        body = b'%s,"extensions":{"cost":%s}}' % (self.body[:-1], orjson.dumps(cost))
        return self._replace(body=body)


def request_error_response(error: RequestError) -> Response:
    """Return the response to a request that can't be executed."""
    errors = [
        {**each.formatted, "extensions": {"code": error.code, **(each.extensions or {})}}
        for each in error.errors
    ]
    retry_after = next((each.retry_after for each in error.errors if isinstance(each, RateLimited)), None)
    body = orjson.dumps({"errors": errors})
    return Response(body, executed=False, codes=frozenset({error.code}), retry_after=retry_after)


def not_executed_response(error: Exception, request_id: str | None) -> Response:
    """Return the response to an operation that failed before its execution began."""
    formatted = [_format(each, request_id) for each in _as_graphql_errors(error)]
    extensions = formatted[0]["extensions"]
    return Response(
        orjson.dumps({"errors": formatted}),
        executed=False,
        codes=frozenset({extensions["code"]}),
        retry_after=extensions.get("retryAfter"),
    )


def execution_error_response(error: Exception, request_id: str | None) -> Response:
    """Return the response to an operation whose execution failed as a whole."""
    return execution_response(None, _as_graphql_errors(error), request_id)


def execution_response(
    data: Mapping[str, Any] | None, errors: Sequence[GraphQLError], request_id: str | None
) -> Response:
    """Return the response of what graphql-core returned."""
    if not errors:
        return Response(orjson.dumps({"data": data}))
    formatted = [_format(error, request_id) for error in errors]
    codes = frozenset(error["extensions"]["code"] for error in formatted)
    retry_after = None if data else formatted[0]["extensions"].get("retryAfter")
    return Response(orjson.dumps({"data": data, "errors": formatted}), codes=codes, retry_after=retry_after)


def _as_graphql_errors(error: Exception) -> Sequence[GraphQLError]:
    if isinstance(error, InvalidArguments):
        return error.errors
    return [error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)]


def _format(error: GraphQLError, request_id: str | None) -> dict[str, Any]:
    """Return the error as the client sees it, with a code."""
    formatted: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    if isinstance(cause, RejectedByDatabase):
        return formatted | {"message": str(cause), "extensions": BAD_USER_INPUT}
    if isinstance(cause, Unavailable):
        extensions = {"code": cause.code, "retryAfter": cause.retry_after}
        return formatted | {"message": str(cause), "extensions": extensions}
    if error.extensions and "code" in error.extensions:
        return formatted
    if isinstance(cause, GraphQLError):  # graphql-core's, about an argument with an invalid variable
        return formatted | {"extensions": BAD_USER_INPUT}
    _log.error("request %s failed at %s", request_id, error.path, exc_info=cause or error)
    return formatted | {
        "message": "Something went wrong on our side. Tell us the request id.",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    }
