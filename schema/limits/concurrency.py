"""The concurrency limiter: how many operations run at once, how many wait, and how long each may take."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, ParamSpec, TypeVar

from db.domain.errors import TimedOut, Unavailable

P = ParamSpec("P")
T = TypeVar("T")


class Overloaded(Unavailable):
    """Too many operations are running; this one did not start."""

    retry_after: ClassVar[int] = 2

    def __init__(self) -> None:
        super().__init__("The server is overloaded. Nothing was done; try again in a moment.")


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """The limits of operations.

    ``running`` operations run at once, each for at most ``timeout_seconds``. ``waiting`` ones wait, in the
    order of their arrival, for at most ``wait_seconds``. Beyond them an operation waits as long and is
    rejected: clients that are rejected at once would come back at once, and keep the server busy.
    """

    running: int = 64
    waiting: int = 512
    wait_seconds: float = 2.0
    timeout_seconds: float = 30.0


class ConcurrencyLimiter:
    """Holds operations to the limits; ``running`` and ``waiting`` are the numbers of the moment."""

    def __init__(self, limits: ConcurrencyLimits) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.running)
        self.running = 0
        self.waiting = 0

    async def run(self, work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``work`` as soon as a slot is free, and return its result.

        Raises:
            Overloaded: no slot became free in time.
            TimedOut: the work took too long and was canceled.
        """
        await self._acquire()
        self.running += 1
        try:
            async with asyncio.timeout(self._limits.timeout_seconds) as timeout:
                return await work(*args, **kwargs)
        except TimeoutError:
            if not timeout.expired():
                raise
            raise TimedOut(
                f"This took longer than {self._limits.timeout_seconds:g} seconds, so it was stopped. Ask for"
                " less, or try again; a mutation with an idempotencyKey is done once."
            ) from None
        finally:
            self.running -= 1
            self._slots.release()

    async def _acquire(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        if self.waiting >= self._limits.waiting:
            await asyncio.sleep(self._limits.wait_seconds)
            raise Overloaded
        self.waiting += 1
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise Overloaded from None
        finally:
            self.waiting -= 1
