"""Health checks: ``/livez`` (the process runs) and ``/readyz`` (it can serve requests)."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.http.responses import JSON_CONTENT_TYPE, error_body
from db.migrations.version import has_current_tables
from db.sql.database import Database

CACHE_SECONDS = 1.0
"""How long the state of the database is cached: frequent checks cause no load."""

DATABASE_TIMEOUT_SECONDS = 2.0
"""Shorter than the timeout of common probes, so that they read the reason."""

STOPPING = "The server is stopping."
UNREACHABLE = "The database does not respond."
NOT_MIGRATED = "The database's tables do not match this version. Run `dealdesk migrate`."

_log = logging.getLogger("dealdesk.health")


def health_routes(database: Database, is_stopping: Callable[[], bool]) -> list[Route]:
    """Return the routes of ``/livez`` and ``/readyz``."""
    return [Route("/livez", _live), Route("/readyz", _Readiness(database, is_stopping).respond)]


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "live"})


class _Readiness:
    """Whether requests can be served; concurrent checks share one look at the database."""

    def __init__(self, database: Database, is_stopping: Callable[[], bool]) -> None:
        self._database = database
        self._is_stopping = is_stopping
        self._lock = asyncio.Lock()
        self._problem: str | None = None
        self._expires_at = 0.0

    async def respond(self, _request: Request) -> Response:
        problem = STOPPING if self._is_stopping() else await self._database_problem()
        if problem is None:
            return JSONResponse({"status": "ready"})
        return Response(error_body("UNAVAILABLE", problem), 503, media_type=JSON_CONTENT_TYPE.decode())

    async def _database_problem(self) -> str | None:
        async with self._lock:
            if monotonic() >= self._expires_at:
                self._problem = await _check(self._database)
                self._expires_at = monotonic() + CACHE_SECONDS
        return self._problem


async def _check(database: Database) -> str | None:
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_SECONDS):
            return None if await has_current_tables(database) else NOT_MIGRATED
    except Exception:  # noqa: BLE001 - whatever the error is, no request can be served now
        _log.warning("The server is not ready: the database does not respond", exc_info=True)
        return UNREACHABLE
