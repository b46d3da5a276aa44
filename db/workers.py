"""Threads that each have a connection to SQLite, and take what there is to do from one queue.

An executor of ``concurrent.futures`` does the same, with more locks and a second future for each item: small
reads reach 0.86 of the rate with it.
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


class Workers:
    """A thread for each of the connections; what one of them does may take so many seconds, or any time."""

    def __init__(self, connections: Sequence[sqlite3.Connection], seconds: float | None) -> None:
        self.number = len(connections)
        self._seconds = math.inf if seconds is None else seconds
        self._unfinished = 0
        self._queue = _Queue()
        self._threads = [Thread(target=self._serve, args=[each], daemon=True) for each in connections]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> int:
        """How many of them have something to do."""
        return min(self._unfinished, self.number)

    @property
    def waiting(self) -> int:
        """How much there is to do that none of them has begun."""
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

    def _serve(self, connection: sqlite3.Connection) -> None:
        work: _Work | None = None
        connection.set_progress_handler(lambda: work is None or work.is_over, LOOK)
        bell = Lock()
        bell.acquire()
        while (work := self._queue.get(bell)) is not None:
            work.do(connection, self._seconds)
            with suppress(RuntimeError):  # once its loop is closed, nobody is left to be told
                work.answer.get_loop().call_soon_threadsafe(self._finish, work)
            work = None  # an idle thread holds nobody's answer
        connection.close()

    def _finish(self, work: "_Work") -> None:
        self._unfinished -= 1
        work.tell()


class _Queue:
    """What there is to do, in order. Of the threads that wait for it, the one that came last goes on first.

    Its connection is still in the processor's cache: in turns small reads would take a tenth longer.
    """

    def __init__(self) -> None:
        self._works = deque[_Work | None]()
        self._waiting: list[Lock] = []

    def put(self, work: "_Work | None") -> None:
        self._works.append(work)
        if self._waiting:
            try:
                self._waiting.pop().release()
            except IndexError:  # it has just gone on by itself
                return

    def get(self, bell: Lock) -> "_Work | None":
        """Wait for something to do; the thread's ``bell`` is locked until it is rung."""
        while True:
            if self._works:
                try:
                    return self._works.popleft()
                except IndexError:  # another one was quicker
                    continue
            self._waiting.append(bell)
            if self._works:  # since the look above, and whoever put it may have seen nobody waiting
                try:
                    self._waiting.remove(bell)
                except ValueError:  # it rings already
                    bell.acquire()
            else:
                bell.acquire()


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

    def do(self, connection: sqlite3.Connection, seconds: float) -> None:
        if self.answer.done():
            return
        self.is_begun = True
        self.ends = monotonic() + seconds
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
