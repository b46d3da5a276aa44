"""Reading for many who want the same at the same moment: one event is told to hundreds of listeners."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from db.errors import Unavailable

T = TypeVar("T")

AT_ONCE = 3
"""How many reads run at once; the other connections are for those who ask."""

RETRY = 0.5
"""Seconds before a database that was not reached is asked again."""


class SharedReads:
    """Reads that go on for as long as somebody waits for them, whatever becomes of the database meanwhile."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)
        self._running: dict[Hashable, asyncio.Task[Any]] = {}

    async def shared(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Return what ``read`` does; while it runs, others with an equal key get the same answer."""
        return await _patiently(lambda: asyncio.shield(self._task(key, read)))

    async def own(self, read: Callable[[], Awaitable[T]]) -> T:
        """Return what ``read`` does, begun now."""
        return await _patiently(lambda: self._bounded(read))

    def _task(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._bounded(read))
            task.add_done_callback(lambda _: self._running.pop(key))
        return task

    async def _bounded(self, read: Callable[[], Awaitable[T]]) -> T:
        async with self._room:
            return await read()


async def _patiently(read: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await read()
        except Unavailable:
            await asyncio.sleep(RETRY)
