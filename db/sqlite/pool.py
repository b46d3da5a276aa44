"""SQLite connections whose work runs in threads, as many as there are connections."""

import asyncio
import math
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeVar

from db.domain.errors import Unavailable
from db.sql.cancellation import run_uncancelled
from db.sql.database import BusyTime
from db.sql.timeouts import Timeouts

T = TypeVar("T")

BUSY = "The embedded database is busy. Try again in a moment."

STEPS_BETWEEN_CHECKS = 1_000_000
"""Steps of SQLite's virtual machine, about ten milliseconds, between two checks for a timeout."""


class ConnectionPool:
    """Connections that are each used by one thread at a time, the one used last first."""

    def __init__(self, connections: Sequence[sqlite3.Connection], timeouts: Timeouts) -> None:
        self._size = len(connections)
        self._idle = list(connections)
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="sqlite")
        self._unfinished = 0
        self._acquire_seconds = timeouts.acquire
        self._statement_seconds = math.inf if timeouts.statement is None else timeouts.statement

    @property
    def busy(self) -> int:
        """How many connections are used."""
        return min(self._unfinished, self._size)

    @property
    def waiting(self) -> int:
        """How much work waits for a connection."""
        return self._unfinished - self.busy

    async def run(self, work: Callable[[sqlite3.Connection], T], busy_time: BusyTime | None = None) -> T:
        """Return the result of ``work``, which gets a connection in the order of arrival.

        The time that it takes is added to ``busy_time``.

        A statement is stopped when it exceeds its timeout or the caller is cancelled. Work that has not begun
        by then never does.

        Raises:
            Unavailable: no connection was free within the acquire timeout.
            sqlite3.OperationalError: with SQLITE_INTERRUPT, a statement exceeded its timeout.
        """
        busy_time = busy_time or BusyTime()
        is_cancelled = False

        def run_in_thread() -> T:
            connection = self._idle.pop()
            started = monotonic()
            deadline = started + self._statement_seconds
            connection.set_progress_handler(
                lambda: is_cancelled or monotonic() > deadline, STEPS_BETWEEN_CHECKS
            )
            try:
                return work(connection)
            finally:
                self._idle.append(connection)
                busy_time.seconds += monotonic() - started

        running = self._threads.submit(run_in_thread)
        timer = asyncio.get_running_loop().call_later(self._acquire_seconds, running.cancel)  # if not begun
        self._unfinished += 1
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                raise Unavailable(BUSY) from None
            is_cancelled = True
            ended: asyncio.Future[Any] = asyncio.gather(asyncio.wrap_future(running), return_exceptions=True)
            await run_uncancelled(ended)
            raise
        finally:
            timer.cancel()
            self._unfinished -= 1

    def close(self) -> None:
        """Close the connections, after all work that was begun or waits."""
        self._threads.shutdown()
        for connection in self._idle:
            connection.close()
