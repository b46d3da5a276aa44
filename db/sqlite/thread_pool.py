"""Threads that each have a connection to SQLite. One at a time works, until what it is at takes long.

Several at a time hinder each other: for each read Python's lock changes hands several times, and SQLite's
allocator has one lock for all connections. With four, 32 clients get half the rate of small reads, and larger
ones take twice the processor's time at the same rate.
"""

import asyncio
import math
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeVar

from db.domain.errors import Unavailable

T = TypeVar("T")

STEPS = 1_000_000
"""Steps of SQLite's machine, some ten milliseconds, after which it is asked whether to go on."""

TURN = 0.001
"""Seconds for which a thread that has more to do keeps what it has done to itself: telling wakes the loop."""

LONG = 0.005
"""Seconds after which nobody waits any longer for what a thread is at, or for it to tell."""


class Workers:
    """A thread for each of the connections, for one event loop at a time.

    What is asked of them waits for ``wait`` seconds at most, and may then take ``seconds``.
    """

    def __init__(
        self, connections: Sequence[sqlite3.Connection], seconds: float | None, wait: float = math.inf
    ) -> None:
        self.number = len(connections)
        self._wait = wait
        self._unfinished = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._queue = _Queue()
        seconds = math.inf if seconds is None else seconds
        self._workers = [_Worker(each, seconds, self._queue, self._tell) for each in connections]
        self._threads = [Thread(target=each.serve, daemon=True) for each in self._workers]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> int:
        """How many of them are at something."""
        return min(self._unfinished - self.waiting, self.number)

    @property
    def waiting(self) -> int:
        """How much there is to do that none of them has begun."""
        return self._queue.length

    async def run(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``act`` returns for a connection. If this is cancelled, it is stopped or never begins.

        Raises:
            Unavailable: it was not begun in time, and never will be.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._watch = loop, None
        work = _Work(act, loop.create_future(), monotonic() + self._wait)
        self._unfinished += 1
        self._queue.put(work)
        if self._unfinished > 1 and self._watch is None:
            self._watch = loop.call_later(LONG, self._look, loop)
        return await work.answer  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the connections, after all that there is to do."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """See to it that nobody waits for what takes long, or for longer than he may."""
        self._queue.relieve()
        for worker in self._workers:
            self._finish(worker.done)
        self._finish(self._queue.refused())
        self._watch = loop.call_later(LONG, self._look, loop) if self._unfinished > 1 else None

    def _tell(self, works: "deque[_Work]") -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # once it is closed, nobody is left to be told
                self._loop.call_soon_threadsafe(self._finish, works)

    def _finish(self, works: "deque[_Work]") -> None:
        while works:
            self._unfinished -= 1
            works.popleft().tell()


class _Worker:
    """One thread with its connection, what it has done, and when it took what it is at."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        seconds: float,
        queue: "_Queue",
        tell: "Callable[[deque[_Work]], None]",
    ) -> None:
        self.done = deque[_Work]()
        self.since = 0.0  # by the monotonic clock
        self.bell = Lock()
        self.bell.acquire()
        self._connection = connection
        self._seconds = seconds
        self._queue = queue
        self._tell = tell
        self._turn_ends = math.inf

    def serve(self) -> None:
        """Work until there is nothing left to do ever."""
        work: _Work | None = None
        self._connection.set_progress_handler(lambda: work is None or work.is_over, STEPS)
        while (work := self._queue.get(self)) is not None:
            self._turn_ends = min(self._turn_ends, self.since + TURN)
            work.do(self._connection, self.since + self._seconds)
            self.done.append(work)
            work = None  # an idle thread holds nobody's answer
            if monotonic() > self._turn_ends:
                self.tell()
        self.tell()
        self._connection.close()

    def tell(self) -> None:
        """Have those told who wait for what is done."""
        self._turn_ends = math.inf
        if self.done:
            self._tell(self.done)


class _Queue:
    """What there is to do, in order, and who does it: one thread, or the last to come to rest of the others.

    That one's connection is still in the processor's cache: in turns small reads would take a tenth longer.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._works = deque[_Work | None]()
        self._resting: list[_Worker] = []
        self._on_duty: _Worker | None = None

    @property
    def length(self) -> int:
        """How much there is to do."""
        return len(self._works)

    def put(self, work: "_Work | None") -> None:
        with self._lock:
            self._works.append(work)
            self._ring()

    def get(self, worker: _Worker) -> "_Work | None":
        """Wait for something to do; before that, the thread tells what it has done."""
        while True:
            with self._lock:
                if self._works and self._on_duty in (None, worker):
                    work = self._works.popleft()
                    worker.since = monotonic()
                    self._on_duty = worker if work else None
                    self._ring()
                    return work
                self._resting.append(worker)
                if self._on_duty is worker:
                    self._on_duty = None
            worker.tell()
            worker.bell.acquire()

    def relieve(self) -> None:
        """Let another thread go on if the one on duty has been at something for long."""
        with self._lock:
            self._ring()

    def refused(self) -> "deque[_Work]":
        """Take out what has waited for too long, with an error."""
        late = deque[_Work]()
        with self._lock:
            while self._works and (first := self._works[0]) and first.begins_by < monotonic():
                self._works.popleft()
                first.error = Unavailable(BUSY)
                late.append(first)
        return late

    def _ring(self) -> None:
        if self._on_duty and self._on_duty.since < monotonic() - LONG:
            self._on_duty = None
        if self._works and self._resting and not self._on_duty:
            self._on_duty = self._resting.pop()
            self._on_duty.since = monotonic()
            self._on_duty.bell.release()


class _Work:
    """Something to do, and what came of it."""

    __slots__ = ("act", "answer", "begins_by", "ends_by", "error", "result")

    def __init__(
        self, act: Callable[[sqlite3.Connection], Any], answer: asyncio.Future[Any], begins_by: float
    ) -> None:
        self.act = act
        self.answer = answer
        self.begins_by = begins_by
        self.ends_by = math.inf
        self.result: Any = None
        self.error: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it any more, or its time has passed."""
        return self.answer.done() or monotonic() > self.ends_by

    def do(self, connection: sqlite3.Connection, ends_by: float) -> None:
        if self.answer.done():
            return
        self.ends_by = ends_by
        try:
            self.result = self.act(connection)
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            self.error = error

    def tell(self) -> None:
        if self.answer.done():
            return
        if self.error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(self.error)


BUSY = "The embedded database is busy. Try again in a moment."
