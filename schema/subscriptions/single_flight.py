"""Reading for many who want the same at the same moment: one event is told to hundreds of listeners."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from db.domain.errors import Unavailable

T = TypeVar("T")

AT_ONCE = 3
"""How many reads run at once; the other connections are for those who ask."""

RETRY = 0.5
"""Seconds before a database that was not reached is asked again."""


class SingleFlight:
    """Reads that go on for as long as somebody waits for them, whatever becomes of the database meanwhile."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)
        self._running: dict[Hashable, _Read] = {}

    async def do(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Return what ``read`` does; while it runs, others with an equal key get the same answer."""
        return await _patiently(lambda: self._joined(key, read))

    async def bounded(self, read: Callable[[], Awaitable[T]]) -> T:
        """Return what ``read`` does, begun now."""
        return await _patiently(lambda: self._bounded(read))

    async def _joined(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _Read(asyncio.create_task(self._bounded(read)))
        running.waiting += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiting -= 1
            if self._running.get(key) is running and (running.task.done() or not running.waiting):
                del self._running[key]
                running.task.cancel()

    async def _bounded(self, read: Callable[[], Awaitable[T]]) -> T:
        async with self._room:
            return await read()


@dataclass(slots=True)
class _Read:
    task: asyncio.Task[Any]
    waiting: int = 0


async def _patiently(read: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await read()
        except Unavailable:
            await asyncio.sleep(RETRY)
