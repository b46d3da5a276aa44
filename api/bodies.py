"""Reading what a client sends: never more than the limit, and only JSON that is safe to walk."""

from typing import Any

import orjson
from starlette.types import Receive

from api.refusals import BadRequest, ContentTooLarge

MOST_BYTES = 256 * 1024
"""A document with its variables takes a few kilobytes; parsing a much longer one holds up everybody else."""

DEEPEST = 32
"""How deep JSON may be nested. What walks the variables calls itself once a level."""


class ClientGone(Exception):
    """The client went away before it had sent everything."""


async def read_body(receive: Receive) -> bytearray:
    """Return the body, piece by piece as it arrives.

    Raises:
        ContentTooLarge: it is longer than ``MOST_BYTES``; the rest is not read.
        ClientGone: nobody is left to be answered.
    """
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise ContentTooLarge(f"The body is longer than {MOST_BYTES} bytes. Send a shorter one.")
        more = message.get("more_body", False)
    return body


def read_json(text: bytes | bytearray, what: str) -> Any:
    """Return the value of a JSON text; ``what`` names the text in messages.

    Raises:
        BadRequest: it is not JSON in UTF-8 (NaN is no JSON), or nested deeper than ``DEEPEST``.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(f"{what} is not JSON in UTF-8; look at {place}.") from None
    # Every level opens with a bracket, so a text with few of them needs no walk.
    if text.count(b"{") + text.count(b"[") > DEEPEST and _is_deeper(value, DEEPEST):
        raise BadRequest(f"{what} is nested deeper than {DEEPEST} levels.")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_is_deeper(inner, levels - 1) for inner in value)
