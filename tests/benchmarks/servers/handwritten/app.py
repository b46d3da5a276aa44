"""The HTTP routes of the hand-written SQL; a subclass for each database runs the statements."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_JSON = "application/json"
_NOT_OPEN = b'{"errors":[{"message":"The opportunity is not open."}]}'


class HandwrittenSql(ABC):
    """The hand-written statements of one database."""

    @abstractmethod
    async def open(self) -> None:
        """Connect."""

    @abstractmethod
    async def read(self, statement: str, *values: Any) -> bytes:
        """Return the JSON text of a statement for the organization and these values."""

    @abstractmethod
    async def page(self, cursor: str | None) -> bytes:
        """Return the page of 50 after a cursor."""

    @abstractmethod
    async def close_quotes(self, opportunity: UUID) -> bytes | None:
        """Close the quotes; return them, or None if the opportunity is not open."""

    @abstractmethod
    async def close_opportunity(self, opportunity: UUID) -> bytes | None:
        """Close an opportunity; return it or the quotes that block it, or None if it is not open."""


def create_app(sql: HandwrittenSql) -> Starlette:
    """Return the ASGI application over a database."""

    async def opportunity(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return _response(await sql.read("opportunity", UUID(body["id"])))

    async def opportunities(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return _response(await sql.read("opportunities", UUID(body["ownerId"])))

    async def opportunities_with_lines(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return _response(await sql.read("opportunities_with_lines", UUID(body["ownerId"])))

    async def page(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return _response(await sql.page(body.get("after")))

    async def cursor(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return _response(await sql.read("cursor", body["first"]))

    async def state_totals(_request: Request) -> Response:
        return _response(await sql.read("state_totals"))

    async def close_quotes(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return _response(await sql.close_quotes(UUID(body["opportunityId"])))

    async def close_opportunity(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return _response(await sql.close_opportunity(UUID(body["opportunityId"])))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await sql.open()
        yield

    handlers = (
        *(opportunity, opportunities, opportunities_with_lines, page, cursor, state_totals),
        *(close_quotes, close_opportunity),
    )
    routes = [Route(f"/{handler.__name__}", handler, methods=["POST"]) for handler in handlers]
    return Starlette(routes=routes, lifespan=lifespan)


@cache
def statement(dialect: str, name: str) -> str:
    """Return the text of a statement in a dialect."""
    return (Path(__file__).parent / dialect / f"{name}.sql").read_text()


def _response(body: bytes | None) -> Response:
    return Response(_NOT_OPEN if body is None else body, media_type=_JSON)
