"""Which media type a client sends, and which one it wants."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from api.http.errors import NotAcceptable, UnsupportedMediaType
from api.http.responses import JSON_CONTENT_TYPE


@dataclass(frozen=True, slots=True)
class MediaType:
    """A way to answer. ``not_run`` is the status of a GraphQL request that could not be run."""

    name: str
    content_type: bytes
    not_run: int


PLAIN_JSON = MediaType("application/json", JSON_CONTENT_TYPE, not_run=200)
"""An answer in it may come from anyone on the way, so the status speaks of HTTP alone."""

GRAPHQL_RESPONSE = MediaType(
    "application/graphql-response+json", b"application/graphql-response+json; charset=utf-8", not_run=400
)
"""An answer in it comes from a GraphQL server, so the status may tell what became of the request."""

EVENT_STREAM = MediaType("text/event-stream", JSON_CONTENT_TYPE, not_run=200)
"""A stream of answers. What is refused before it begins is told in plain JSON_CONTENT_TYPE."""


@lru_cache(256)
def negotiate(accept: bytes | None) -> MediaType:
    """Return the media type that an Accept header prefers; plain JSON where it leaves the choice to us.

    A stream is for those who accept no JSON: some clients name it in every request, and can't read it as an
    answer to a query.

    Raises:
        NotAcceptable: it allows none of ours.
    """
    if accept is None:
        return PLAIN_JSON
    weights = dict(_weights(accept.decode("latin-1")))
    plain = _weight(weights, PLAIN_JSON.name, "application/*", "*/*")
    graphql = _weight(weights, GRAPHQL_RESPONSE.name, "application/*", "*/*")
    if not plain and not graphql and weights.get(EVENT_STREAM.name):
        return EVENT_STREAM
    if not plain and not graphql:
        raise NotAcceptable(f"Accept {GRAPHQL_RESPONSE.name}, {PLAIN_JSON.name} or {EVENT_STREAM.name}.")
    by_name = GRAPHQL_RESPONSE.name in weights
    return GRAPHQL_RESPONSE if graphql > plain or (graphql == plain and by_name) else PLAIN_JSON


@lru_cache(256)
def require_json(content_type: bytes | None) -> None:
    """Check the Content-Type of a body.

    Raises:
        UnsupportedMediaType: it is missing, no JSON, or in another charset than UTF-8.
    """
    name, *parameters = _parts((content_type or b"").decode("latin-1"))
    charset = next((each[8:].strip('"') for each in parameters if each.startswith("charset=")), "utf-8")
    if name != PLAIN_JSON.name or charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"Send the body as JSON in UTF-8, with content-type: {PLAIN_JSON.name}.")


def _weights(accept: str) -> Iterator[tuple[str, float]]:
    for range_ in accept.split(","):
        name, *parameters = _parts(range_)
        yield name, next((_number(each[2:]) for each in parameters if each.startswith("q=")), 1.0)


def _weight(weights: dict[str, float], *ranges: str) -> float:
    """Return the weight of the most specific range that is named."""
    return next((weights[name] for name in ranges if name in weights), 0.0)


def _parts(header: str) -> list[str]:
    return [part.strip().lower() for part in header.split(";")]


def _number(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
