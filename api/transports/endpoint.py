"""GraphQL over HTTP.

A raw ASGI application: the request and response objects of a framework would cost a small query up to a
fifth of its throughput. What only passes on is no coroutine, it returns what is to be awaited.
"""

from collections.abc import Awaitable, Collection, Mapping
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


class GraphQLEndpoint:
    """Answers GraphQL requests by POST, and queries by GET, of those whom ``entry`` lets in.

    Who accepts a stream of events alone gets one, be it of a subscription's answers or of a single one;
    ``streams`` are open.
    """

    def __init__(self, executor: Executor, entry: AccessPolicy, documents: TrustedDocuments) -> None:
        self._executor = executor
        self._entry = entry
        self._authenticator = entry.authenticator
        self._documents = documents
        self._limits = entry.limits
        self.streams = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever is wrong with it is told as JSON."""
        headers = dict(scope["headers"])
        media_type = PLAIN_JSON
        try:
            media_type = negotiate(headers.get(b"accept"))
            await self._answer(scope, headers, media_type, receive, send)
        except HttpError as refusal:
            scope["outcome"] = {"codes": [refusal.code]}
            body = error_body(refusal.code, str(refusal))
            await send_response(
                send, body, media_type.content_type, status=refusal.status, headers=refusal.headers
            )
        except Unavailable as error:
            body = error_body(error.code, str(error), retryAfter=error.retry_after)
            status, again = _later({error.code}, error.retry_after)
            await send_response(send, body, media_type.content_type, status=status, headers=again)
        except ClientDisconnected:
            return

    async def _answer(
        self, scope: Scope, headers: Headers, media_type: MediaType, receive: Receive, send: Send
    ) -> None:
        self._entry.check_host(headers.get(b"host"))
        principal = await self._authenticator.principal(headers.get(b"authorization"))
        request = await self._request(scope, headers, receive)
        if media_type is EVENT_STREAM:
            await self._stream(request, principal, headers.get(b"last-event-id", b""), receive, send)
        elif scope["method"] == "POST" or request.include_cost:
            # What is left in the caller's bucket is another number each time, so no client keeps it.
            await _send(send, await self._run(request, principal), media_type)
        else:
            known = headers.get(b"if-none-match")
            await _send_unless_known(send, await self._run(request, principal), media_type, known)

    async def _request(self, scope: Scope, headers: Headers, receive: Receive) -> Request:
        if scope["method"] == "POST":
            require_json(headers.get(b"content-type"))
            body = await read_body(receive, self._limits)
            return from_body(body, self._documents, scope["request_id"], self._limits)
        if scope["method"] == "GET":
            return from_url(scope["query_string"], self._documents, scope["request_id"], self._limits)
        raise MethodNotAllowed("Send GraphQL by POST, or a query by GET.", "GET, POST")

    def _run(self, request: Request, principal: Principal) -> Awaitable[Response]:
        try:
            return self._executor.execute(request, self._authenticator.caller_of(principal))
        except OperationTypeNotAllowed as error:
            raise _refusal(error) from None

    async def _stream(
        self, request: Request, principal: Principal, after: bytes, receive: Receive, send: Send
    ) -> None:
        request = request._replace(operations=request.operations | {OperationType.SUBSCRIPTION})
        caller = partial(self._authenticator.caller_of, principal)
        try:
            answers = self._executor.stream(request, caller, after.decode("latin-1"))
        except OperationTypeNotAllowed as error:
            raise _refusal(error) from None
        self.streams += 1
        try:
            with self._authenticator.visit(principal) as visit:
                await stream_events(answers, visit, receive, send)
        finally:
            self.streams -= 1


def _refusal(error: OperationTypeNotAllowed) -> HttpError:
    if error.kind is OperationType.MUTATION:
        return MethodNotAllowed("A GET changes nothing. Send mutations by POST.", "POST")
    return BadRequest(
        "A subscription has many answers; this way of asking has one. Accept text/event-stream alone, or use"
        " a WebSocket that speaks graphql-transport-ws."
    )


def _send(send: Send, answer: Response, media_type: MediaType) -> Awaitable[None]:
    status = 200 if answer.executed else media_type.not_run
    again: list[tuple[bytes, bytes]] = []
    if answer.retry_after is not None:
        status, again = _later(answer.codes, answer.retry_after)
    return send_response(send, answer.body, media_type.content_type, status=status, headers=again)


def _later(codes: Collection[str], seconds: int) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Return the status and the header of what may do better later."""
    status = next((status for code, status in _LATER.items() if code in codes), 503)
    return status, [(b"retry-after", b"%d" % seconds)]


_LATER = {"THROTTLED": 429, "TIMEOUT": 504}


async def _send_unless_known(
    send: Send, answer: Response, media_type: MediaType, known: bytes | None
) -> None:
    if answer.codes:
        await _send(send, answer, media_type)
        return
    tag = b'"%s"' % blake2b(answer.body, digest_size=16).hexdigest().encode()
    headers = [(b"etag", tag), (b"cache-control", b"private, no-cache"), (b"vary", b"accept")]
    if known is not None and _names(known, tag):
        await send_empty_response(send, status=304, headers=headers)
    else:
        await send_response(send, answer.body, media_type.content_type, headers=headers)


def _names(known: bytes, tag: bytes) -> bool:
    """Say whether an If-None-Match header names the tag."""
    tags = {each.strip().removeprefix(b"W/") for each in known.split(b",")}
    return tag in tags or b"*" in tags
