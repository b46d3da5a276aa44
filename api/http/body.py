"""Reading what a client sends: never more than the limit, and only JSON that is safe to walk."""

from typing import Any

import orjson
from starlette.types import Receive

from api.http.errors import BadRequest, ContentTooLarge
from api.http.limits import Limits
from schema.limits.settings import MAX_VALUE_DEPTH


class ClientDisconnected(Exception):
    """The client went away before it had sent everything."""


async def read_body(receive: Receive, limits: Limits) -> bytearray:
    """Return the body, piece by piece as it arrives.

    Raises:
        ContentTooLarge: it is longer than the limit; the rest is not read.
        ClientGone: nobody is left to be answered.
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


def parse_json(text: bytes | bytearray, what: str, limits: Limits) -> Any:
    """Return the value of a JSON text; ``what`` names the text in messages.

    Raises:
        BadRequest: it is not JSON in UTF-8 (NaN is no JSON), or too deep, or holds too many values.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(f"{what} is not JSON in UTF-8; look at {place}.") from None
    # Every level opens with a bracket, and before every value is one or a comma: most texts need no walk.
    brackets = text.count(b"{") + text.count(b"[")
    if brackets > MAX_VALUE_DEPTH and _is_deeper(value, MAX_VALUE_DEPTH):
        raise BadRequest(f"{what} is nested deeper than {MAX_VALUE_DEPTH} levels.")
    most = limits.json_values
    if brackets + text.count(b",") >= most and _values(value) > most:
        raise BadRequest(f"{what} holds more than {most} values. Send fewer at once.")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_is_deeper(inner, levels - 1) for inner in value)


def _values(value: Any) -> int:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return 1
    return 1 + sum(map(_values, value))
