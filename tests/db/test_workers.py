"""Threads with a connection each: what is asked of them is done once and in turn, or never begun."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from threading import Event, get_ident

import pytest

from db.errors import Unavailable
from db.workers import Workers

WAIT = 5.0
COUNT = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT max(i) FROM n"


@pytest.fixture
def done() -> list[str]:
    """What was done, in order."""
    return []


@pytest.fixture
def workers() -> Iterator[Workers]:
    """One worker."""
    workers = Workers([sqlite3.connect(":memory:", check_same_thread=False)], None)
    yield workers
    workers.close()


@pytest.fixture
async def go_on(workers: Workers) -> Event:
    """Keep the worker until this is set."""
    go_on = Event()
    asyncio.create_task(workers.run(lambda _: go_on.wait(WAIT)))  # noqa: RUF006 - over when the test is
    await asyncio.sleep(0)
    return go_on


async def test_what_is_asked_for_is_done_in_turn(workers: Workers, go_on: Event, done: list[str]) -> None:
    line = [asyncio.create_task(workers.run(doing(done, each))) for each in "abc"]
    await asyncio.sleep(0)
    assert (workers.busy, workers.waiting, done) == (1, 3, [])
    go_on.set()
    await asyncio.gather(*line)
    assert (workers.busy, workers.waiting, done) == (0, 0, ["a", "b", "c"])


async def test_what_has_waited_long_enough_is_never_begun(
    workers: Workers, go_on: Event, done: list[str]
) -> None:
    with pytest.raises(Unavailable, match=r"busy\. Try again"):
        await workers.run(doing(done, "late"), wait=0.01)
    go_on.set()
    await workers.run(doing(done, "next"), wait=WAIT)
    assert done == ["next"]


async def test_what_nobody_waits_for_any_more_is_never_begun(
    workers: Workers, go_on: Event, done: list[str]
) -> None:
    gone = asyncio.create_task(workers.run(doing(done, "gone"), wait=WAIT))
    await asyncio.sleep(0)
    gone.cancel()
    go_on.set()
    await workers.run(doing(done, "next"))
    assert gone.cancelled()
    assert (workers.busy, done) == (0, ["next"])


async def test_what_goes_wrong_is_told_to_who_asked_for_it(workers: Workers) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await workers.run(lambda connection: connection.execute("SELECT * FROM nowhere"))
    assert await workers.run(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)


async def test_closing_does_what_there_is_to_do(done: list[str]) -> None:
    workers = Workers([sqlite3.connect(":memory:", check_same_thread=False)], None)
    asked = [asyncio.create_task(workers.run(doing(done, each))) for each in "ab"]
    await asyncio.sleep(0)
    workers.close()
    await asyncio.gather(*asked)
    assert done == ["a", "b"]


@pytest.fixture
def several() -> Iterator[Workers]:
    """Four workers."""
    workers = Workers([sqlite3.connect(":memory:", check_same_thread=False) for _ in range(4)], None)
    yield workers
    workers.close()


async def test_whoever_worked_last_works_next(several: Workers) -> None:
    threads = set()
    for _ in range(20):
        threads.add(await several.run(lambda _: get_ident()))
        await asyncio.sleep(0.01)
    assert len(threads) == 1


async def test_one_at_a_time_does_what_is_short(several: Workers) -> None:
    threads = await asyncio.gather(*(several.run(lambda _: get_ident()) for _ in range(100)))
    assert len(set(threads)) == 1


async def test_what_takes_long_leaves_the_rest_to_others(several: Workers) -> None:
    order: list[str] = []

    async def ask(name: str, number: int) -> None:
        await several.run(lambda connection: count_to(connection, number))
        order.append(name)

    await asyncio.gather(
        ask("before", 1), ask("long", 2_000_000), ask("longer", 6_000_000), ask("after", 1), ask("last", 1)
    )
    assert order == ["before", "after", "last", "long", "longer"]


async def test_however_much_is_asked_for_all_of_it_is_done(several: Workers) -> None:
    async def ask(number: int) -> int:
        return await several.run(lambda connection: connection.execute("SELECT ?", [number]).fetchone()[0])

    async with asyncio.timeout(60):
        for size in (*range(1, 9), 500) * 20:
            assert await asyncio.gather(*map(ask, range(size))) == list(range(size))


def count_to(connection: sqlite3.Connection, number: int) -> None:
    assert connection.execute(COUNT, [number]).fetchone() == (number,)


def doing(done: list[str], name: str) -> Callable[[sqlite3.Connection], None]:
    return lambda _: done.append(name)
