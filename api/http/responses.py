"""Send JSON responses over ASGI, without the response objects of a framework."""

from collections.abc import Iterable

import orjson
from starlette.types import Send

JSON_CONTENT_TYPE = b"application/json; charset=utf-8"

Headers = Iterable[tuple[bytes, bytes]]


async def send_response(
    send: Send,
    body: bytes,
    content_type: bytes = JSON_CONTENT_TYPE,
    *,
    status: int = 200,
    headers: Headers = (),
) -> None:
    """Send a response with a body."""
    start = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


async def send_empty_response(send: Send, *, status: int, headers: Headers) -> None:
    """Send a response without a body."""
    await send({"type": "http.response.start", "status": status, "headers": [*headers]})
    await send({"type": "http.response.body", "body": b""})


def error_body(code: str, message: str, **extensions: str | int) -> bytes:
    """Return the JSON of a GraphQL response with one error and no data."""
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, **extensions}}]})
