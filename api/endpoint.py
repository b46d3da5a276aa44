"""GraphQL over HTTP.

A raw ASGI application: the request and response objects of a framework would cost a small query up to a
fifth of its throughput.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.bodies import ClientGone, read_body
from api.media_types import PLAIN_JSON, MediaType, check_is_json, wanted
from api.parameters import from_body, from_url
from api.refusals import BadRequest, HttpRefusal, MethodNotAllowed
from api.sending import error_body, send_body, send_nothing
from db.caller import Caller
from schema.executing import Answer, Executor, OperationKindError, Request

Headers = Mapping[bytes, bytes]


class GraphQLEndpoint:
    """Answers GraphQL requests by POST, and queries by GET; ``caller`` says on whose behalf."""

    def __init__(self, executor: Executor, caller: Callable[[], Caller]) -> None:
        self._executor = executor
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever is wrong with it is told as JSON."""
        headers = dict(scope["headers"])
        media_type = PLAIN_JSON
        try:
            media_type = wanted(headers.get(b"accept"))
            await self._answer(scope, headers, media_type, receive, send)
        except HttpRefusal as refusal:
            body = error_body(refusal.code, str(refusal))
            await send_body(
                send, body, media_type.content_type, status=refusal.status, headers=refusal.headers
            )
        except ClientGone:
            return

    async def _answer(
        self, scope: Scope, headers: Headers, media_type: MediaType, receive: Receive, send: Send
    ) -> None:
        if scope["method"] == "POST":
            check_is_json(headers.get(b"content-type"))
            answer = await self._run(from_body(await read_body(receive), scope["request_id"]))
            await _send(send, answer, media_type)
        elif scope["method"] == "GET":
            answer = await self._run(from_url(scope["query_string"], scope["request_id"]))
            await _send_unless_known(send, answer, media_type, headers.get(b"if-none-match"))
        else:
            raise MethodNotAllowed("Send GraphQL by POST, or a query by GET.", "GET, POST")

    async def _run(self, request: Request) -> Answer:
        try:
            return await self._executor.answer(request, self._caller())
        except OperationKindError as error:
            if error.kind is OperationType.MUTATION:
                raise MethodNotAllowed("A GET changes nothing. Send mutations by POST.", "POST") from None
            raise BadRequest("A subscription has many answers; this way of asking has one.") from None


async def _send(send: Send, answer: Answer, media_type: MediaType) -> None:
    status = 200 if answer.ran else media_type.not_run
    await send_body(send, answer.body, media_type.content_type, status=status)


async def _send_unless_known(send: Send, answer: Answer, media_type: MediaType, known: bytes | None) -> None:
    if answer.codes:
        await _send(send, answer, media_type)
        return
    tag = b'"%s"' % blake2b(answer.body, digest_size=16).hexdigest().encode()
    headers = [(b"etag", tag), (b"cache-control", b"private, no-cache"), (b"vary", b"accept")]
    if known is not None and _names(known, tag):
        await send_nothing(send, status=304, headers=headers)
    else:
        await send_body(send, answer.body, media_type.content_type, headers=headers)


def _names(known: bytes, tag: bytes) -> bool:
    """Say whether an If-None-Match header names the tag."""
    tags = {each.strip().removeprefix(b"W/") for each in known.split(b",")}
    return tag in tags or b"*" in tags
