"""Slots for the reads of subscriptions, which organizations use in turn."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

MAX_READS = 3
"""Reads that run at once, so that queries and mutations keep the other connections."""

MAX_READS_PER_ORGANIZATION = 2
"""Reads of one organization that run at once: its long ones leave a slot to the others."""


class FairSlots:
    """Runs reads at the next free slot. Organizations whose reads wait take turns, whatever their number."""

    def __init__(self) -> None:
        self._running: Counter[UUID] = Counter()
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}  # the next in turn is first

    async def run(self, organization_id: UUID, read: Callable[[], Awaitable[T]]) -> T:
        """Return the result of ``read``, which is started as soon as the organization has a slot."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(organization_id, deque()).append(turn)
        self._start_reads()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release(organization_id)  # its turn came while it was cancelled
            raise
        try:
            return await read()
        finally:
            self._release(organization_id)

    def _release(self, organization_id: UUID) -> None:
        self._running[organization_id] -= 1
        if not self._running[organization_id]:
            del self._running[organization_id]
        self._start_reads()

    def _start_reads(self) -> None:
        for organization_id in list(self._waiting):
            if self._running.total() == MAX_READS:
                return
            if self._running[organization_id] < MAX_READS_PER_ORGANIZATION:
                self._start_next(organization_id)

    def _start_next(self, organization_id: UUID) -> None:
        waiting = self._waiting.pop(organization_id)
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._running[organization_id] += 1
                break
        if waiting:
            self._waiting[organization_id] = waiting  # behind the other organizations
