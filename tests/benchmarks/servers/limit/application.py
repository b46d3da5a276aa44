"""The limit's paths; what is behind them depends on the database."""

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


class Limit(ABC):
    """One database, and the statements written for it."""

    @abstractmethod
    async def open(self) -> None:
        """Connect."""

    @abstractmethod
    async def read(self, statement: str, *values: Any) -> bytes:
        """Return the JSON text that a statement makes for the organization and the values."""

    @abstractmethod
    async def page(self, cursor: str | None) -> bytes:
        """Return the page of 50 behind a cursor."""

    @abstractmethod
    async def close_quotes(self, opportunity: UUID) -> bytes | None:
        """Return the quotes that were closed, or None if the opportunity is not open."""

    @abstractmethod
    async def close_opportunity(self, opportunity: UUID) -> bytes | None:
        """Return what was closed or what blocks it, or None if the opportunity is not open."""


def application(limit: Limit) -> Starlette:
    """Return the app that answers from a database."""

    async def opportunity(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        return _answer(await limit.read("opportunity", UUID(asked["id"])))

    async def opportunities(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        return _answer(await limit.read("opportunities", UUID(asked["ownerId"])))

    async def opportunities_with_lines(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        return _answer(await limit.read("opportunities_with_lines", UUID(asked["ownerId"])))

    async def page(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        return _answer(await limit.page(asked.get("after")))

    async def cursor(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        return _answer(await limit.read("cursor", asked["first"]))

    async def state_totals(_request: Request) -> Response:
        return _answer(await limit.read("state_totals"))

    async def close_quotes(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        return _answer(await limit.close_quotes(UUID(asked["opportunityId"])))

    async def close_opportunity(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        return _answer(await limit.close_opportunity(UUID(asked["opportunityId"])))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await limit.open()
        yield

    handlers = (
        *(opportunity, opportunities, opportunities_with_lines, page, cursor, state_totals),
        *(close_quotes, close_opportunity),
    )
    routes = [Route(f"/{handler.__name__}", handler, methods=["POST"]) for handler in handlers]
    return Starlette(routes=routes, lifespan=lifespan)


@cache
def statement(dialect: str, name: str) -> str:
    """Return the text of a statement as it was written for a dialect."""
    return (Path(__file__).parent / dialect / f"{name}.sql").read_text()


def _answer(body: bytes | None) -> Response:
    return Response(_NOT_OPEN if body is None else body, media_type=_JSON)
