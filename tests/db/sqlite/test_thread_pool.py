"""Threads with a connection each: what is asked of them is done once and in turn, or never begun."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from threading import Barrier, Event, get_ident
from time import sleep
from weakref import ref

import pytest

from db.domain.errors import Unavailable
from db.sqlite.thread_pool import Workers

WAIT = 5.0


@pytest.fixture
def done() -> list[str]:
    """What was done, in order."""
    return []


@pytest.fixture
def workers() -> Iterator[Workers]:
    """One worker."""
    workers = Workers(connections(1), None)
    yield workers
    workers.close()


@pytest.fixture
def several() -> Iterator[Workers]:
    """Four workers."""
    workers = Workers(connections(4), None)
    yield workers
    workers.close()


async def test_what_is_asked_for_is_done_in_turn(workers: Workers, done: list[str]) -> None:
    async with at_something(workers):
        line = [asyncio.create_task(workers.run(doing(done, each))) for each in "abc"]
        await asyncio.sleep(0)
        assert (workers.busy, workers.waiting, done) == (1, 3, [])
    await asyncio.gather(*line)
    assert (workers.busy, workers.waiting, done) == (0, 0, ["a", "b", "c"])


@pytest.mark.parametrize("number", [1, 4])
async def test_what_has_waited_long_enough_is_never_begun(number: int, done: list[str]) -> None:
    workers = Workers(connections(number), None, wait=0.2)
    async with at_something(workers, times=number):
        with pytest.raises(Unavailable, match=r"busy\. Try again"):
            await workers.run(doing(done, "late"))
    await workers.run(doing(done, "next"))
    assert (workers.busy, workers.waiting, done) == (0, 0, ["next"])
    workers.close()


async def test_what_nobody_waits_for_any_more_is_never_begun(workers: Workers, done: list[str]) -> None:
    async with at_something(workers):
        gone = asyncio.create_task(workers.run(doing(done, "gone")))
        await asyncio.sleep(0)
        gone.cancel()
    await workers.run(doing(done, "next"))
    assert gone.cancelled()
    assert (workers.busy, done) == (0, ["next"])


async def test_what_goes_wrong_is_told_to_who_asked_for_it(workers: Workers) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await workers.run(lambda connection: connection.execute("SELECT * FROM nowhere"))
    assert await workers.run(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)


@pytest.mark.parametrize("number", [1, 4])
async def test_closing_does_what_there_is_to_do(number: int, done: list[str]) -> None:
    workers = Workers(connections(number), None)
    asked = [asyncio.create_task(workers.run(doing(done, each))) for each in "abcdef"]
    await asyncio.sleep(0)
    workers.close()
    await asyncio.gather(*asked)
    assert done == [*"abcdef"]


async def test_whoever_worked_last_works_next(several: Workers) -> None:
    threads = []
    for _ in range(20):
        threads.append(await several.run(whose_thread))
        await asyncio.sleep(0.01)
    assert len(set(threads[5:])) == 1  # at first some may still be starting


async def test_one_at_a_time_does_what_is_short(several: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.sqlite.thread_pool.LONG", WAIT)  # however slow this machine is
    threads = await asyncio.gather(*(several.run(whose_thread) for _ in range(100)))
    assert len(set(threads)) == 1


async def test_nobody_waits_for_what_takes_long(several: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.sqlite.thread_pool.TURN", 2 * WAIT)
    go_on = Event()
    before = asyncio.create_task(several.run(whose_thread))
    long = asyncio.create_task(several.run(lambda _: go_on.wait(2 * WAIT)))
    after = asyncio.create_task(several.run(whose_thread))
    async with asyncio.timeout(WAIT):
        await asyncio.gather(before, after)
        for _ in range(10):
            await several.run(whose_thread)
    assert not long.done()
    go_on.set()
    assert await long


async def test_nobody_waits_for_all_that_is_done(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.sqlite.thread_pool.LONG", WAIT)
    begun = 0

    def act(_: sqlite3.Connection) -> None:
        nonlocal begun
        begun += 1
        sleep(0.002)

    asked = [asyncio.create_task(workers.run(act)) for _ in range(50)]
    await asked[0]
    assert begun < len(asked)
    await asyncio.gather(*asked)


async def test_however_much_is_asked_for_all_of_it_is_done(workers: Workers, several: Workers) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        async with asyncio.timeout(60):
            for size in (*range(1, 9), 500) * 20:
                for each in (workers, several):
                    answers = await asyncio.gather(*(each.run(number(i)) for i in range(size)))
                    assert answers == list(range(size))
    finally:
        sys.setswitchinterval(interval)


async def test_nothing_is_kept_of_what_is_done(workers: Workers) -> None:
    class Act:
        def __call__(self, _: sqlite3.Connection) -> None: ...

    act = Act()
    kept = ref(act)
    await workers.run(act)
    del act
    await asyncio.sleep(0.01)
    assert kept() is None


@asynccontextmanager
async def at_something(workers: Workers, times: int = 1) -> AsyncIterator[None]:
    """Keep so many of them at something meanwhile."""
    all_begun, go_on = Barrier(times + 1), Event()

    def act(_: sqlite3.Connection) -> None:
        all_begun.wait(WAIT)
        go_on.wait(WAIT)

    tasks = [asyncio.create_task(workers.run(act)) for _ in range(times)]
    await asyncio.to_thread(all_begun.wait, WAIT)
    try:
        yield
    finally:
        go_on.set()
        await asyncio.gather(*tasks)


def connections(number: int) -> list[sqlite3.Connection]:
    return [sqlite3.connect(":memory:", check_same_thread=False) for _ in range(number)]


def doing(done: list[str], name: str) -> Callable[[sqlite3.Connection], None]:
    return lambda _: done.append(name)


def number(which: int) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: connection.execute("SELECT ?", [which]).fetchone()[0]


def whose_thread(connection: sqlite3.Connection) -> int:
    connection.execute("SELECT 1").fetchone()  # in which Python's lock is let go
    return get_ident()
