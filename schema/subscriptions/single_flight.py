"""Single-flight reads: subscribers of one organization that need the same row share one query."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from db.domain.errors import TimedOut, Unavailable
from schema.subscriptions.fair_slots import FairSlots

T = TypeVar("T")
Shared = TypeVar("Shared")

READ_TIMEOUT_SECONDS = 5.0
"""Time for one read; it counts from the moment when the read has its slot."""

RETRY_DELAY_SECONDS = 0.5
"""Seconds before a read is repeated after the database was unavailable."""


class SingleFlight(Generic[Shared]):
    """Runs reads, and repeats them while the database can't be reached, for as long as a caller waits.

    A read that takes too long is not repeated: it raises TimedOut, which ends the subscription.
    """

    def __init__(self) -> None:
        self._slots = FairSlots()
        self._running: dict[Hashable, _SharedRead[Shared]] = {}

    async def do(self, organization_id: UUID, key: Hashable, read: Callable[[], Awaitable[Shared]]) -> Shared:
        """Return the result of ``read``, or of the organization's running read with an equal key."""
        return await _retry_unreachable(lambda: self._join(organization_id, key, read))

    async def bounded(self, organization_id: UUID, read: Callable[[], Awaitable[T]]) -> T:
        """Return the result of ``read``, which is shared with nobody."""
        return await _retry_unreachable(lambda: self._run(organization_id, read))

    async def _join(
        self, organization_id: UUID, key: Hashable, read: Callable[[], Awaitable[Shared]]
    ) -> Shared:
        key = organization_id, key
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _SharedRead(asyncio.create_task(self._run(organization_id, read)))
        running.waiters += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiters -= 1
            if self._running.get(key) is running and (running.task.done() or not running.waiters):
                del self._running[key]
                running.task.cancel()

    async def _run(self, organization_id: UUID, read: Callable[[], Awaitable[T]]) -> T:
        async def read_in_time() -> T:
            try:
                async with asyncio.timeout(READ_TIMEOUT_SECONDS) as timeout:
                    return await read()
            except TimeoutError:
                if not timeout.expired():
                    raise
                raise TimedOut(
                    f"Reading an event took longer than {READ_TIMEOUT_SECONDS:g} s. Select less, and resume"
                    " after your last event."
                ) from None

        return await self._slots.run(organization_id, read_in_time)


@dataclass(slots=True)
class _SharedRead(Generic[Shared]):
    task: asyncio.Task[Shared]
    waiters: int = 0


async def _retry_unreachable(read: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await read()
        except TimedOut:
            raise
        except Unavailable:
            await asyncio.sleep(RETRY_DELAY_SECONDS)
