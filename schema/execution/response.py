"""Answers as JSON, and errors as they are told: those that nobody expected are logged and masked."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLError

from db.domain.errors import RejectedByDatabase, Unavailable
from schema.execution.prepare import RequestError
from schema.limits.rate_limit import RateLimited
from schema.planner.errors import BadInput
from schema.request.fallback_resolvers import BAD_USER_INPUT

_log = logging.getLogger("dealdesk.graphql")


class Response(NamedTuple):
    """The JSON of a GraphQL response. ``ran`` is false where the request could not be run at all.

    ``event_id`` is that of the event of which a subscription is told. ``retry_after`` are the seconds after
    which a request of which nothing came may do better.
    """

    body: bytes
    executed: bool = True
    codes: frozenset[str] = frozenset()
    event_id: str | None = None
    retry_after: int | None = None

    def with_cost(self, cost: Mapping[str, Any]) -> "Response":
        """Return the answer with what it cost."""
        body = b'%s,"extensions":{"cost":%s}}' % (self.body[:-1], orjson.dumps(cost))
        return self._replace(body=body)


def refusal(error: RequestError) -> Response:
    """Return the answer to a request that can't be run."""
    errors = [
        {**each.formatted, "extensions": {"code": error.code, **(each.extensions or {})}}
        for each in error.errors
    ]
    retry_after = next((each.retry_after for each in error.errors if isinstance(each, RateLimited)), None)
    body = orjson.dumps({"errors": errors})
    return Response(body, executed=False, codes=frozenset({error.code}), retry_after=retry_after)


def failure(error: Exception, request_id: str | None) -> Response:
    """Return the answer to an operation that ended with an error, before there was anything to tell."""
    told = _told(_located(error), request_id)
    extensions = told["extensions"]
    return Response(
        orjson.dumps({"errors": [told]}),
        executed=False,
        codes=frozenset({extensions["code"]}),
        retry_after=extensions.get("retryAfter"),
    )


def failed(error: Exception, request_id: str | None) -> Response:
    """Return the answer to an operation that ran, and came to nothing."""
    return answer_of(None, [_located(error)], request_id)


def answer_of(data: Any, errors: Sequence[GraphQLError], request_id: str | None) -> Response:
    """Return the answer that graphql-core came to."""
    if not errors:
        return Response(orjson.dumps({"data": data}))
    told = [_told(error, request_id) for error in errors]
    codes = frozenset(error["extensions"]["code"] for error in told)
    retry_after = None if data else told[0]["extensions"].get("retryAfter")
    return Response(orjson.dumps({"data": data, "errors": told}), codes=codes, retry_after=retry_after)


def _located(error: Exception) -> GraphQLError:
    if isinstance(error, BadInput):
        return GraphQLError(str(error), extensions=BAD_USER_INPUT)
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


def _told(error: GraphQLError, request_id: str | None) -> dict[str, Any]:
    told: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    if isinstance(cause, RejectedByDatabase):
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
