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

from db.errors import Unavailable

T = TypeVar("T")

LOOK = 1_000_000
"""Steps of SQLite's machine, some ten milliseconds, between two looks whether to go on."""

TURN = 0.001
"""Seconds in which a thread that has more to do tells nobody what it has done: telling wakes the loop."""


class Workers:
    """A thread for each of the connections; what one of them does may take so many seconds, or any time."""

    def __init__(self, connections: Sequence[sqlite3.Connection], seconds: float | None) -> None:
        self.number = len(connections)
        seconds = math.inf if seconds is None else seconds
        self._unfinished = 0
        self._queue = _Queue()
        workers = [_Worker(each, self._queue, seconds, self._finish) for each in connections]
        self._threads = [Thread(target=each.serve, daemon=True) for each in workers]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> int:
        """How many of them there is something to do for."""
        return min(self._unfinished, self.number)

    @property
    def waiting(self) -> int:
        """How much there is to do beyond that."""
        return self._unfinished - self.busy

    async def run(self, act: Callable[[sqlite3.Connection], T], *, wait: float = math.inf) -> T:
        """Return what ``act`` returns for a connection. If this is cancelled, it is stopped or never begins.

        Raises:
            Unavailable: it had not begun after ``wait`` seconds.
        """
        loop = asyncio.get_running_loop()
        work = _Work(act, loop.create_future())
        self._unfinished += 1
        self._queue.put(work)
        if wait == math.inf or not self.waiting:
            return await work.answer  # type: ignore[no-any-return]
        patience = loop.call_later(wait, work.give_up)
        try:
            return await work.answer  # type: ignore[no-any-return]
        finally:
            patience.cancel()

    def close(self) -> None:
        """Close the connections, after all that there is to do."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _finish(self, works: "list[_Work]") -> None:
        self._unfinished -= len(works)
        for work in works:
            work.tell()


class _Worker:
    """One thread's connection, what it is at, and what it has done and not told yet."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        queue: "_Queue",
        seconds: float,
        finish: "Callable[[list[_Work]], None]",
    ) -> None:
        self._connection = connection
        self._queue = queue
        self._seconds = seconds
        self._finish = finish
        self._work: _Work | None = None
        self._done: list[_Work] = []
        self._bell = Lock()
        self._bell.acquire()

    def serve(self) -> None:
        """Work until there is nothing left to do ever."""
        self._connection.set_progress_handler(self._look, LOOK)
        turn_ends = math.inf
        while (work := self._queue.get(self._bell, self._tell)) is not None:
            now = monotonic()
            if not self._done:
                turn_ends = now + TURN
            self._work = work
            work.do(self._connection, now + self._seconds)
            self._work = None
            self._done.append(work)
            del work  # an idle thread holds nobody's answer
            if monotonic() > turn_ends:
                self._tell()
        self._tell()
        self._queue.leave(self._bell)
        self._connection.close()

    def _look(self) -> bool:
        """Let others go on, as this takes long, and return whether it is to stop."""
        self._tell()
        self._queue.leave(self._bell)
        return self._work is None or self._work.is_over

    def _tell(self) -> None:
        if self._done:
            done, self._done = self._done, []
            with suppress(RuntimeError):  # once their loop is closed, nobody is left to be told
                done[0].answer.get_loop().call_soon_threadsafe(self._finish, done)


class _Queue:
    """What there is to do, in order. When the thread that takes it leaves, the last to come to rest goes on.

    Its connection is still in the processor's cache: in turns small reads would take a tenth longer.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._works = deque[_Work | None]()
        self._bells: list[Lock] = []  # of the threads that rest
        self._on_duty: Lock | None = None  # the bell of the one that takes

    def put(self, work: "_Work | None") -> None:
        with self._lock:
            self._works.append(work)
            self._ring()

    def get(self, bell: Lock, rest: Callable[[], None]) -> "_Work | None":
        """Wait for something to do, after ``rest()``; the thread's ``bell`` is locked until it is rung."""
        while True:
            with self._lock:
                if self._works and self._on_duty in (None, bell):
                    self._on_duty = bell
                    return self._works.popleft()
                self._bells.append(bell)
                if self._on_duty is bell:
                    self._on_duty = None
            rest()
            bell.acquire()

    def leave(self, bell: Lock) -> None:
        """Let another thread take what there is to do."""
        with self._lock:
            if self._on_duty is bell:
                self._on_duty = None
                self._ring()

    def _ring(self) -> None:
        if self._works and self._bells and not self._on_duty:
            self._on_duty = self._bells.pop()
            self._on_duty.release()


class _Work:
    """Something to do, and what came of it."""

    __slots__ = ("act", "answer", "ends", "error", "is_begun", "result")

    def __init__(self, act: Callable[[sqlite3.Connection], Any], answer: asyncio.Future[Any]) -> None:
        self.act = act
        self.answer = answer
        self.is_begun = False
        self.ends = math.inf
        self.result: Any = None
        self.error: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it any more, or its time has passed."""
        return self.answer.done() or monotonic() > self.ends

    def do(self, connection: sqlite3.Connection, ends: float) -> None:
        if self.answer.done():
            return
        self.is_begun = True
        self.ends = ends
        try:
            self.result = self.act(connection)
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            self.error = error

    def give_up(self) -> None:
        if not self.is_begun and not self.answer.done():
            self.answer.set_exception(Unavailable(BUSY))

    def tell(self) -> None:
        if self.answer.done():
            return
        if self.error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(self.error)


BUSY = "The embedded database is busy. Try again in a moment."
