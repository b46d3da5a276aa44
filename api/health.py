"""Whether the process lives, and whether it can serve."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.sending import JSON, error_body
from db.database import Database
from db.readiness import has_current_tables

_log = logging.getLogger("dealdesk.health")

_PATIENCE = 2.0
"""Seconds for the database to answer; who asks usually gives up soon after."""


def health_routes(database: Database) -> list[Route]:
    """Return ``/livez`` and ``/readyz``."""
    return [Route("/livez", _live), Route("/readyz", _readiness(database))]


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "live"})


def _readiness(database: Database) -> Callable[[Request], Awaitable[Response]]:
    async def ready(_request: Request) -> Response:
        if await _is_ready(database):
            return JSONResponse({"status": "ready"})
        message = "The database does not answer, or its tables are not this version's."
        return Response(error_body("UNAVAILABLE", message), 503, media_type=JSON.decode())

    return ready


async def _is_ready(database: Database) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await has_current_tables(database)
    except Exception:  # noqa: BLE001 - whatever it is, nothing can be served now
        _log.warning("not ready", exc_info=True)
        return False
