"""Whether the process lives, and whether it can serve."""

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

_log = logging.getLogger("dealdesk.health")

CACHE_SECONDS = 1.0
"""Seconds that an answer of the database holds: however many ask, it is asked once in them."""

_PATIENCE = 2.0
"""Seconds for the database to answer; who asks usually gives up soon after."""

_STOPPING = "The server is stopping."
_SILENT = "The database does not answer."
_FOREIGN = "The database's tables are not this version's. Run `dealdesk migrate`."


def health_routes(database: Database, is_stopping: Callable[[], bool]) -> list[Route]:
    """Return ``/livez`` and ``/readyz``."""
    return [Route("/livez", _live), Route("/readyz", _Readiness(database, is_stopping).answer)]


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "live"})


class _Readiness:
    def __init__(self, database: Database, is_stopping: Callable[[], bool]) -> None:
        self._database = database
        self._is_stopping = is_stopping
        self._asking = asyncio.Lock()
        self._fault: str | None = None
        self._stale_from = 0.0

    async def answer(self, _request: Request) -> Response:
        fault = _STOPPING if self._is_stopping() else await self._fault_of_database()
        if fault is None:
            return JSONResponse({"status": "ready"})
        return Response(error_body("UNAVAILABLE", fault), 503, media_type=JSON_CONTENT_TYPE.decode())

    async def _fault_of_database(self) -> str | None:
        async with self._asking:
            if monotonic() >= self._stale_from:
                self._fault = await _fault(self._database)
                self._stale_from = monotonic() + CACHE_SECONDS
        return self._fault


async def _fault(database: Database) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            return None if await has_current_tables(database) else _FOREIGN
    except Exception:  # noqa: BLE001 - whatever it is, nothing can be served now
        _log.warning("not ready", exc_info=True)
        return _SILENT
