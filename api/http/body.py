"""Read request bodies and JSON texts within the limits."""

from collections.abc import Iterable

import orjson
from starlette.types import Receive

from api.http.errors import BadRequest, ContentTooLarge
from api.http.limits import Limits
from schema.limits.settings import MAX_VALUE_DEPTH


class ClientDisconnected(Exception):
    """The client disconnected before it had sent the whole body."""


async def read_body(receive: Receive, limits: Limits) -> bytearray:
    """Return the request body.

    Raises:
        ContentTooLarge: the body exceeds ``limits.body_bytes``; the rest is not read.
        ClientDisconnected: the client disconnected.
    """
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        body += message.get("body", b"")
        if len(body) > limits.body_bytes:
            raise ContentTooLarge(f"The body is longer than {limits.body_bytes} bytes. Send a shorter one.")
        more = message.get("more_body", False)
    return body


def parse_json(text: bytes | bytearray, name: str, limits: Limits) -> object:
    """Return the value of a JSON text; ``name`` stands for the text in error messages.

    Raises:
        BadRequest: the text is not JSON in UTF-8, is nested deeper than ``MAX_VALUE_DEPTH``, or holds more
            than ``limits.json_values`` values.
    """
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        position = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(f"{name} is not JSON in UTF-8: see {position}.") from None
    # Each level opens with a bracket, and a bracket or a comma precedes each value. Counting these bytes is
    # enough for most texts, so their values need no walk.
    brackets = text.count(b"{") + text.count(b"[")
    if brackets > MAX_VALUE_DEPTH and _is_deeper(value, MAX_VALUE_DEPTH):
        raise BadRequest(f"{name} is nested deeper than {MAX_VALUE_DEPTH} levels.")
    maximum = limits.json_values
    if brackets + text.count(b",") >= maximum and _count_values(value) > maximum:
        raise BadRequest(f"{name} holds more than {maximum} values. Send fewer.")
    return value


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(_is_deeper(child, levels - 1) for child in _children(value))


def _count_values(value: object) -> int:
    return 1 + sum(map(_count_values, _children(value)))


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
