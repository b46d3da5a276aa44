"""Reconnects in the background to a PostgreSQL server that is out of reach, while others wait for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import asyncpg

from db.domain.errors import Unavailable
from db.postgres.connection import Connection, close

INTERVAL_SECONDS = 0.25

MAY_COME_BACK = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)
"""Errors of connecting that may be over soon. TimeoutError is one of them, an OSError."""

_log = logging.getLogger("dealdesk.database")


class Reconnector:
    """Attempts to connect at each interval until one attempt succeeds: an attempt may never be answered."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start, unless it has been started and has not succeeded yet."""
        if self._running is None:
            _log.warning("the database is out of reach; reconnecting")
            self._running = asyncio.create_task(self._run())

    async def wait(self, timeout_seconds: float) -> None:
        """Wait until the server is reached again; return at once if it is not out of reach.

        Raises:
            Unavailable: it was not reached in time.
        """
        if self._running is not None:
            await asyncio.wait([self._running], timeout=timeout_seconds)
        if self._running is not None:
            raise Unavailable("The database can't be reached. Try again in a moment.")

    async def stop(self) -> None:
        """Give up."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        attempts: list[asyncio.Task[bool]] = []
        try:
            async with asyncio.TaskGroup() as group:
                while not any(attempt.done() and attempt.result() for attempt in attempts):
                    attempts = [attempt for attempt in attempts if not attempt.done()]
                    attempts.append(group.create_task(self._is_reachable()))
                    await asyncio.sleep(INTERVAL_SECONDS)
                for attempt in attempts:
                    attempt.cancel()
            _log.warning("the database is reached again")
        finally:
            self._running = None

    async def _is_reachable(self) -> bool:
        try:
            await close(await self._connect())
        except MAY_COME_BACK:
            return False
        except asyncpg.PostgresError:
            pass  # it refuses this user or database, which the next task that connects finds out
        return True
