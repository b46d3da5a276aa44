"""GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/).

    POST /graphql    a query or mutation in a JSON body
    GET  /graphql    a query in the URL, with an ETag

The Accept header selects the response: JSON, or a stream of Server-Sent Events, which also carries
subscriptions (see sse.py). The endpoint is a raw ASGI application, because the request and response objects
of a framework cost a small query up to a fifth of its throughput.
"""

from collections.abc import Mapping
from functools import partial
from hashlib import blake2b

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.auth.access_policy import AccessPolicy
from api.auth.principal import Principal
from api.http.body import ClientDisconnected, read_body
from api.http.errors import BadRequest, HttpError, MethodNotAllowed
from api.http.media_types import EVENT_STREAM, PLAIN_JSON, MediaType, negotiate, require_json
from api.http.responses import error_body, send_empty_response, send_response
from api.transports.params import from_body, from_url
from api.transports.sse import stream_events
from api.transports.trusted_documents import TrustedDocuments
from db.domain.errors import Unavailable
from schema.execution.executor import Executor, OperationTypeNotAllowed, Request
from schema.execution.response import Response

Headers = Mapping[bytes, bytes]

_RETRY_STATUSES = {"THROTTLED": 429, "TIMEOUT": 504}
"""The status of a response that a retry may improve, by its error code; otherwise 503."""


class GraphQLEndpoint:
    """The ASGI application at ``/graphql``. ``open_streams`` counts its event streams."""

    def __init__(self, executor: Executor, access_policy: AccessPolicy, documents: TrustedDocuments) -> None:
        self._executor = executor
        self._access_policy = access_policy
        self._authenticator = access_policy.authenticator
        self._documents = documents
        self._limits = access_policy.limits
        self.open_streams = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Errors are JSON in the shape of a GraphQL response, too."""
        headers = dict(scope["headers"])
        media_type = PLAIN_JSON
        try:
            media_type = negotiate(headers.get(b"accept"))
            self._access_policy.check_host(headers.get(b"host"))
            principal = await self._authenticator.authenticate(headers.get(b"authorization"))
            request = await self._read_request(scope, headers, receive)
            if media_type is EVENT_STREAM:
                await self._stream(request, principal, headers, receive, send)
                return
            response = await self._executor.execute(request, self._authenticator.caller(principal))
            # The cost includes the caller's remaining budget, which changes with each request.
            if scope["method"] == "GET" and not request.include_cost and not response.codes:
                await _send_cacheable(send, response, media_type, headers.get(b"if-none-match"))
            else:
                await _send(send, response, media_type)
        except HttpError as error:
            await _send_error(scope, send, error, media_type)
        except OperationTypeNotAllowed as error:
            await _send_error(scope, send, _operation_type_error(error.kind), media_type)
        except Unavailable as error:  # while authenticating; the executor catches its own
            body = error_body(error.code, str(error), retryAfter=error.retry_after)
            codes = frozenset({error.code})
            await _send(send, Response(body, codes=codes, retry_after=error.retry_after), media_type)
        except ClientDisconnected:
            return

    async def _read_request(self, scope: Scope, headers: Headers, receive: Receive) -> Request:
        match scope["method"]:
            case "POST":
                require_json(headers.get(b"content-type"), headers.get(b"content-encoding"))
                body = await read_body(receive, self._limits)
                return from_body(body, self._documents, scope["request_id"], self._limits)
            case "GET":
                return from_url(scope["query_string"], self._documents, scope["request_id"], self._limits)
            case _:
                raise MethodNotAllowed("Send GraphQL requests by POST, or queries by GET.", "GET, POST")

    async def _stream(
        self, request: Request, principal: Principal, headers: Headers, receive: Receive, send: Send
    ) -> None:
        request = request._replace(operation_types=request.operation_types | {OperationType.SUBSCRIPTION})
        caller = partial(self._authenticator.caller, principal)
        last_event_id = headers.get(b"last-event-id", b"").decode("latin-1")
        responses = await self._executor.stream(request, caller, last_event_id)
        self.open_streams += 1
        try:
            with self._authenticator.track_session(principal) as session:
                await stream_events(responses, session, receive, send)
        finally:
            self.open_streams -= 1


async def _send(send: Send, response: Response, media_type: MediaType) -> None:
    status = 200 if response.executed else media_type.request_error_status
    headers: list[tuple[bytes, bytes]] = []
    if response.retry_after is not None:
        status = next((status for code, status in _RETRY_STATUSES.items() if code in response.codes), 503)
        headers.append((b"retry-after", b"%d" % response.retry_after))
    await send_response(send, response.body, media_type.content_type, status=status, headers=headers)


async def _send_cacheable(
    send: Send, response: Response, media_type: MediaType, if_none_match: bytes | None
) -> None:
    """Send the response with its ETag, or 304 if the client has it already (RFC 9110, 13.1.2)."""
    tag = b'"%s"' % blake2b(response.body, digest_size=16).hexdigest().encode()
    headers = [(b"etag", tag), (b"cache-control", b"private, no-cache"), (b"vary", b"accept")]
    known = {each.strip().removeprefix(b"W/") for each in (if_none_match or b"").split(b",")}
    if tag in known or b"*" in known:
        await send_empty_response(send, status=304, headers=headers)
    else:
        await send_response(send, response.body, media_type.content_type, headers=headers)


async def _send_error(scope: Scope, send: Send, error: HttpError, media_type: MediaType) -> None:
    scope["outcome"] = {"codes": [error.code]}  # for the access log
    body = error_body(error.code, str(error))
    await send_response(send, body, media_type.content_type, status=error.status, headers=error.headers)


def _operation_type_error(type_: OperationType) -> HttpError:
    if type_ is OperationType.MUTATION:
        return MethodNotAllowed("Mutations are not allowed by GET. Send them by POST.", "POST")
    return BadRequest(
        "A subscription needs a stream. Accept text/event-stream alone, or use a WebSocket with the"
        " subprotocol graphql-transport-ws."
    )
