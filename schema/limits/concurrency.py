"""How many operations run at once, how many wait for their turn, and how long each may take."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar, TypeVarTuple

from db.domain.errors import TimedOut, Unavailable

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class Overloaded(Unavailable):
    """Too many operations are running; this one was not begun."""

    retry_after: ClassVar[int] = 2

    def __init__(self) -> None:
        super().__init__("Too much is going on here. Nothing was done; try again in a moment.")


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """``running`` at once, ``waiting`` in line for ``wait`` seconds, each for ``seconds`` once it runs.

    Whoever finds the line full waits as long before being refused: who is refused at once comes back at once,
    and refusing is all that is done then.
    """

    running: int = 64
    waiting: int = 512
    wait: float = 2.0
    seconds: float = 30.0


class ConcurrencyLimiter:
    """Gives operations their turns, and each its time."""

    def __init__(self, bounds: ConcurrencyLimits) -> None:
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

    async def run(self, operation: Callable[[*Arguments], Awaitable[T]], *arguments: *Arguments) -> T:
        """Run an operation, perhaps after a while; at its end, the next one in line begins.

        Raises:
            Overloaded: there was no turn in time.
            TimedOut: the operation took longer than it may, and was canceled.
        """
        if self.running < self._bounds.running:
            self.running += 1
        else:
            await self._turn()
        task = self._begin()
        try:
            return await operation(*arguments)
        except asyncio.CancelledError:
            if task in self._ends or task.cancelling() > 1:
                raise  # somebody else canceled it
            raise TimedOut(
                f"This took longer than {self._bounds.seconds:g} seconds, so it was stopped. Ask for less, or"
                " try again; a mutation with an idempotencyKey is done once."
            ) from None
        finally:
            self._end(task)

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

    def _begin(self) -> asyncio.Task[object]:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # noqa: S101 - operations run in tasks
        self._ends[task] = loop.time() + self._bounds.seconds
        if self._timer is None:
            self._timer = loop.call_later(self._bounds.seconds, self._stop_old)
        return task

    def _end(self, task: asyncio.Task[object]) -> None:
        self._leave()
        if self._ends.pop(task, None) is None:
            task.uncancel()

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
