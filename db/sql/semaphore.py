"""A fair semaphore with an acquire timeout that counts who holds it and who waits for it."""

import asyncio
from collections import deque

from db.domain.errors import Unavailable


class TimedSemaphore:
    """Lets at most ``size`` tasks into its ``async with`` block, in the order of arrival.

    Entering waits for at most ``timeout_seconds``; then it raises Unavailable with ``busy_message``.

    With asyncio's semaphore and timeout, a read that waits takes Python 34 us instead of 27.
    """

    def __init__(self, size: int, timeout_seconds: float, busy_message: str) -> None:
        self.held = 0
        """How many tasks are in the block, or are about to enter it."""
        self._size = size
        self._timeout_seconds = timeout_seconds
        self._busy_message = busy_message
        self._queue = deque[asyncio.Future[None]]()

    @property
    def waiting(self) -> int:
        """How many tasks wait to enter the block."""
        return sum(not turn.done() for turn in self._queue)

    async def acquire(self) -> None:
        """Wait for a turn.

        Raises:
            Unavailable: there was none in time.
        """
        if self.held < self._size:
            self.held += 1
            return
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._queue.append(turn)
        timer = loop.call_later(self._timeout_seconds, self._expire, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release()  # its turn came while it was cancelled
            raise
        finally:
            timer.cancel()

    def release(self) -> None:
        """Give the turn to the task that has waited for longest."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.held -= 1

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()

    def _expire(self, turn: asyncio.Future[None]) -> None:
        if not turn.done():
            turn.set_exception(Unavailable(self._busy_message))
