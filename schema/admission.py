"""How many operations run at once, how many wait for their turn, and how long each may take."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import ClassVar

from db.errors import TimedOut, Unavailable


class Overloaded(Unavailable):
    """Too many operations are running; this one was not begun."""

    retry_after: ClassVar[int] = 2

    def __init__(self) -> None:
        super().__init__("Too much is going on here. Nothing was done; try again in a moment.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """``running`` at once, ``waiting`` in line for ``wait`` seconds, each for ``seconds`` once it runs.

    Whoever finds the line full waits as long before being refused: who is refused at once comes back at once,
    and refusing is all that is done then.
    """

    running: int = 64
    waiting: int = 512
    wait: float = 2.0
    seconds: float = 30.0


class Admission:
    """``async with`` it around an operation; at its end, the next one in line begins.

    Raises:
        Overloaded: there was no turn in time.
        TimedOut: the operation took longer than it may, and was cancelled.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._line: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        # When the time of each is over; the oldest come first, so one timer is enough for all.
        self._ends: dict[asyncio.Task[object], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.running = 0

    @property
    def waiting(self) -> int:
        """How many are in line."""
        return len(self._line)

    async def __aenter__(self) -> None:
        """Begin, perhaps after a while."""
        if self.running < self._bounds.running:
            self.running += 1
        else:
            await self._turn()
        loop = asyncio.get_running_loop()
        self._ends[_task()] = loop.time() + self._bounds.seconds
        if self._timer is None:
            self._timer = loop.call_later(self._bounds.seconds, self._stop_old)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let the next one begin."""
        task = _task()
        self._leave()
        if self._ends.pop(task, None) is None and not task.uncancel() and kind is asyncio.CancelledError:
            raise TimedOut(
                f"This took longer than {self._bounds.seconds:g} seconds, so it was stopped. Ask for less, or"
                " try again; a mutation with an idempotencyKey is done once."
            )

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        if len(self._line) < self._bounds.waiting:
            self._line[turn] = None
        try:
            await asyncio.wait([turn], timeout=self._bounds.wait)
        except asyncio.CancelledError:
            if turn.done():
                self._leave()
            raise
        finally:
            self._line.pop(turn, None)
        if not turn.done():
            raise Overloaded

    def _leave(self) -> None:
        if self._line:
            turn, _ = self._line.popitem(last=False)
            turn.set_result(None)  # it has the room of the one that leaves
        else:
            self.running -= 1

    def _stop_old(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for task, end in list(self._ends.items()):
            if end > now:
                self._timer = loop.call_at(end, self._stop_old)
                return
            del self._ends[task]
            task.cancel()
        self._timer = None


def _task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - operations run in tasks
    return task
