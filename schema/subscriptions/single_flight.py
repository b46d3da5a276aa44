"""Single-flight reads: subscribers that need the same row at the same time share one query."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from db.domain.errors import Unavailable

T = TypeVar("T")
Shared = TypeVar("Shared")

MAX_CONCURRENT_READS = 3
"""Reads that run at once, so that queries and mutations keep the other connections."""

RETRY_DELAY_SECONDS = 0.5
"""Seconds before a read is repeated after the database was unavailable."""


class SingleFlight(Generic[Shared]):
    """Runs reads until they succeed, whatever happens to the database, for as long as a caller waits."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_READS)
        self._running: dict[Hashable, _SharedRead[Shared]] = {}

    async def do(self, key: Hashable, read: Callable[[], Awaitable[Shared]]) -> Shared:
        """Return the result of ``read``, or of a read with an equal key that is running already."""
        return await _retry_unavailable(lambda: self._join(key, read))

    async def bounded(self, read: Callable[[], Awaitable[T]]) -> T:
        """Return the result of ``read``, started now."""
        return await _retry_unavailable(lambda: self._run(read))

    async def _join(self, key: Hashable, read: Callable[[], Awaitable[Shared]]) -> Shared:
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _SharedRead(asyncio.create_task(self._run(read)))
        running.waiters += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiters -= 1
            if self._running.get(key) is running and (running.task.done() or not running.waiters):
                del self._running[key]
                running.task.cancel()

    async def _run(self, read: Callable[[], Awaitable[T]]) -> T:
        async with self._slots:
            return await read()


@dataclass(slots=True)
class _SharedRead(Generic[Shared]):
    task: asyncio.Task[Shared]
    waiters: int = 0


async def _retry_unavailable(read: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await read()
        except Unavailable:
            await asyncio.sleep(RETRY_DELAY_SECONDS)
