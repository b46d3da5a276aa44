"""A semaphore with an acquire timeout that counts who holds it and who waits for it."""

import asyncio

from db.domain.errors import Unavailable


class TimedSemaphore:
    """Lets at most ``size`` tasks into its ``async with`` block, in the order of arrival.

    Entering waits for at most ``timeout_seconds``; then it raises Unavailable with ``busy_message``.
    """

    def __init__(self, size: int, timeout_seconds: float, busy_message: str) -> None:
        self.held = 0
        """How many tasks are in the block."""
        self.waiting = 0
        """How many tasks wait to enter it."""
        self._semaphore = asyncio.Semaphore(size)
        self._timeout_seconds = timeout_seconds
        self._busy_message = busy_message

    async def __aenter__(self) -> None:
        if self._semaphore.locked():
            self.waiting += 1
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    await self._semaphore.acquire()
            except TimeoutError:
                raise Unavailable(self._busy_message) from None
            finally:
                self.waiting -= 1
        else:
            await self._semaphore.acquire()
        self.held += 1

    async def __aexit__(self, *_: object) -> None:
        self.held -= 1
        self._semaphore.release()
