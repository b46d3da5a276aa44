"""Content negotiation: the media type of a response (Accept) and of a body (Content-Type)."""

from dataclasses import dataclass
from functools import lru_cache

from api.http.errors import NotAcceptable, UnsupportedMediaType
from api.http.responses import JSON_CONTENT_TYPE


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type of responses.

    ``request_error_status`` is the status of a response to a GraphQL request that could not be executed.
    """

    name: str
    content_type: bytes
    request_error_status: int


PLAIN_JSON = MediaType("application/json", JSON_CONTENT_TYPE, request_error_status=200)
"""Intermediaries send this type, too, so the status says nothing about the GraphQL request."""

GRAPHQL_RESPONSE = MediaType(
    "application/graphql-response+json",
    b"application/graphql-response+json; charset=utf-8",
    request_error_status=400,
)
"""Only a GraphQL server sends this type, so the status may depend on the GraphQL request."""

EVENT_STREAM = MediaType("text/event-stream", JSON_CONTENT_TYPE, request_error_status=200)
"""A stream of Server-Sent Events. Errors before it begins are sent as plain JSON."""


@lru_cache(256)
def negotiate(accept: bytes | None) -> MediaType:
    """Return the media type that an Accept header prefers (RFC 9110, 12.5.1); by default plain JSON.

    Return the event stream only if no JSON is accepted: some clients name it in every request, and cannot
    read it in response to a query.

    Raises:
        NotAcceptable: the header allows none of the media types.
    """
    if accept is None:
        return PLAIN_JSON
    weights: dict[str, float] = {}
    for media_range in accept.decode("latin-1").split(","):
        name, *parameters = _split(media_range)
        quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        weights[name] = _parse_quality(quality)
    plain = _weight(weights, PLAIN_JSON.name, "application/*", "*/*")
    graphql = _weight(weights, GRAPHQL_RESPONSE.name, "application/*", "*/*")
    if not plain and not graphql:
        if weights.get(EVENT_STREAM.name):
            return EVENT_STREAM
        raise NotAcceptable(f"Accept {GRAPHQL_RESPONSE.name}, {PLAIN_JSON.name} or {EVENT_STREAM.name}.")
    is_named = GRAPHQL_RESPONSE.name in weights
    return GRAPHQL_RESPONSE if graphql > plain or (graphql == plain and is_named) else PLAIN_JSON


@lru_cache(256)
def require_json(content_type: bytes | None, content_encoding: bytes | None = None) -> None:
    """Check the headers Content-Type and Content-Encoding of a body.

    Raises:
        UnsupportedMediaType: the type is missing or another one, the charset is not UTF-8, or the body is
            compressed.
    """
    encodings = {each.strip().lower() for each in (content_encoding or b"").split(b",")}
    if encodings - {b"", b"identity"}:
        raise UnsupportedMediaType("Send the body uncompressed, without the header Content-Encoding.")
    name, *parameters = _split((content_type or b"").decode("latin-1"))
    charset = next((each[8:].strip('"') for each in parameters if each.startswith("charset=")), "utf-8")
    if name != PLAIN_JSON.name or charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"Send the body as JSON in UTF-8, with content-type: {PLAIN_JSON.name}.")


def _split(header: str) -> list[str]:
    """Return the media type and its parameters, in lower case."""
    return [part.strip().lower() for part in header.split(";")]


def _parse_quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def _weight(weights: dict[str, float], *ranges: str) -> float:
    """Return the weight of the first range that the header names: the most specific one precedes."""
    return next((weights[name] for name in ranges if name in weights), 0.0)
