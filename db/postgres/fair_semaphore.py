"""Turns at what only a few may use at once: in line, for no longer than one may.

A semaphore with a timeout would do the same in three times the time.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """Those who wait, in the order in which they came, for at most ``wait`` seconds.

    One timer, for whoever is first, does for all. ``put_back`` takes what was for one who had gone away.
    """

    def __init__(self, wait: float, put_back: Callable[[T], None]) -> None:
        self._wait = wait
        self._put_back = put_back
        self._turns = deque[tuple[asyncio.Future[T], float]]()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def length(self) -> int:
        """How many stand in it."""
        return sum(not turn.done() for turn, _ in self._turns)

    async def stand(self) -> T:
        """Wait for one's turn, and return what one is served.

        Raises:
            TimeoutError: it did not come in time.
        """
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[T] = loop.create_future()
        self._turns.append((turn, loop.time() + self._wait))
        if self._timer is None:
            self._let_go()
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                self._put_back(turn.result())
            raise

    def serve(self, what: T) -> bool:
        """Give something to the first; return whether there was anybody."""
        while self._turns:
            turn, _ = self._turns.popleft()
            if not turn.done():
                turn.set_result(what)
                return True
        return False

    def _let_go(self) -> None:
        """Let those go who have waited long enough, and come again when the next one will have."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._turns:
            turn, end = self._turns[0]
            if end > loop.time():
                self._timer = loop.call_at(end, self._let_go)
                return
            self._turns.popleft()
            if not turn.done():
                turn.set_exception(TimeoutError())


class Turns:
    """A ``number`` of turns at once; whoever finds none stands in line for at most ``wait`` seconds."""

    def __init__(self, number: int, wait: float) -> None:
        self._free = number
        self._line = Line[None](wait, lambda _: self.end())

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return self._line.length

    async def begin(self) -> None:
        """Take a turn.

        Raises:
            TimeoutError: none came in time.
        """
        if self._free:
            self._free -= 1
        else:
            await self._line.stand()

    def end(self) -> None:
        """Leave one's turn to the next in line."""
        if not self._line.serve(None):
            self._free += 1
