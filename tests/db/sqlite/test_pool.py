"""Work on SQLite connections in threads: it waits, returns, fails, times out or is cancelled."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from threading import Barrier, Event
from time import monotonic
from weakref import ref

import pytest

from db.domain.errors import Unavailable
from db.sql.timeouts import Timeouts
from db.sqlite.pool import ConnectionPool

LONG_SECONDS = 5.0
SHORT_SECONDS = 0.1
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def pool() -> Iterator[ConnectionPool]:
    """A pool of one connection."""
    pool = pool_of(1)
    yield pool
    pool.close()


@pytest.fixture
def log() -> list[str]:
    """What was run, in order."""
    return []


def pool_of(size: int, timeouts: Timeouts | None = None) -> ConnectionPool:
    connections = [sqlite3.connect(":memory:", check_same_thread=False) for _ in range(size)]
    return ConnectionPool(connections, timeouts or Timeouts())


@asynccontextmanager
async def all_busy(pool: ConnectionPool, size: int = 1) -> AsyncIterator[None]:
    """Keep every connection busy until the block ends."""
    begun, release = Barrier(size + 1), Event()

    def work(_: sqlite3.Connection) -> None:
        begun.wait(LONG_SECONDS)
        release.wait(LONG_SECONDS)

    tasks = [asyncio.create_task(pool.run(work)) for _ in range(size)]
    await asyncio.to_thread(begun.wait, LONG_SECONDS)
    try:
        yield
    finally:
        release.set()
        await asyncio.gather(*tasks)


def logging(log: list[str], name: str) -> Callable[[sqlite3.Connection], None]:
    return lambda _: log.append(name)


def select(number: int) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: connection.execute("SELECT ?", [number]).fetchone()[0]


def endless(connection: sqlite3.Connection) -> None:
    connection.execute(ENDLESS).fetchone()


async def test_work_runs_in_the_order_of_arrival(pool: ConnectionPool, log: list[str]) -> None:
    async with all_busy(pool):
        tasks = [asyncio.create_task(pool.run(logging(log, name))) for name in "abc"]
        await asyncio.sleep(0)
        assert (pool.busy, pool.waiting, log) == (1, 3, [])
    await asyncio.gather(*tasks)
    assert (pool.busy, pool.waiting, log) == (0, 0, ["a", "b", "c"])


@pytest.mark.parametrize("size", [1, 4])
async def test_work_that_waited_for_the_timeout_never_runs(size: int, log: list[str]) -> None:
    pool = pool_of(size, Timeouts(acquire=SHORT_SECONDS))
    async with all_busy(pool, size):
        with pytest.raises(Unavailable, match=r"busy\. Try again"):
            await pool.run(logging(log, "late"))
    await pool.run(logging(log, "next"))
    assert (pool.busy, pool.waiting, log) == (0, 0, ["next"])
    pool.close()


async def test_work_of_a_task_that_was_cancelled_while_it_waited_never_runs(
    pool: ConnectionPool, log: list[str]
) -> None:
    async with all_busy(pool):
        cancelled = asyncio.create_task(pool.run(logging(log, "cancelled")))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.sleep(0.01)
    await pool.run(logging(log, "next"))
    assert cancelled.cancelled()
    assert (pool.busy, log) == (0, ["next"])


async def test_work_returns_its_result_and_raises_its_error(pool: ConnectionPool) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await pool.run(lambda connection: connection.execute("SELECT * FROM nowhere"))
    assert await pool.run(select(1)) == 1


async def test_a_statement_is_stopped_after_its_timeout() -> None:
    pool = pool_of(1, Timeouts(statement=SHORT_SECONDS))
    started = monotonic()
    with pytest.raises(sqlite3.OperationalError) as failure:
        await pool.run(endless)
    assert failure.value.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    assert SHORT_SECONDS <= monotonic() - started < LONG_SECONDS
    assert await pool.run(select(1)) == 1
    pool.close()


async def test_the_timeout_of_a_statement_does_not_count_the_wait_for_a_connection() -> None:
    pool = pool_of(1, Timeouts(statement=SHORT_SECONDS))
    async with all_busy(pool):
        waiting = asyncio.create_task(
            pool.run(lambda connection: connection.execute(f"{ENDLESS} LIMIT 1").fetchone())
        )
        await asyncio.sleep(3 * SHORT_SECONDS)
        released = monotonic()
    with pytest.raises(sqlite3.OperationalError):
        await waiting
    assert monotonic() - released >= SHORT_SECONDS
    pool.close()


async def test_a_statement_of_a_cancelled_task_has_stopped_when_the_task_ends(pool: ConnectionPool) -> None:
    running = asyncio.create_task(pool.run(endless))
    await asyncio.sleep(SHORT_SECONDS)
    for _ in range(2):
        running.cancel()
        await asyncio.sleep(0)
    async with asyncio.timeout(LONG_SECONDS):
        await asyncio.wait([running])
        assert (running.cancelled(), pool.busy) == (True, 0)
        assert await pool.run(select(1)) == 1


async def test_a_long_statement_delays_no_other() -> None:
    pool = pool_of(2)
    long = asyncio.create_task(pool.run(endless))
    async with asyncio.timeout(LONG_SECONDS):
        for number in range(10):
            assert await pool.run(select(number)) == number
    assert not long.done()
    long.cancel()
    await asyncio.wait([long])
    pool.close()


@pytest.mark.parametrize("size", [1, 4])
async def test_closing_runs_what_waits(size: int, log: list[str]) -> None:
    pool = pool_of(size)
    tasks = [asyncio.create_task(pool.run(logging(log, name))) for name in "abcdef"]
    await asyncio.sleep(0)
    pool.close()
    await asyncio.gather(*tasks)
    assert sorted(log) == [*"abcdef"]


@pytest.mark.parametrize("size", [1, 4])
async def test_much_work_at_once_is_all_done(size: int) -> None:
    pool = pool_of(size)
    async with asyncio.timeout(60):
        for count in (*range(1, 9), 500) * 5:
            results = await asyncio.gather(*(pool.run(select(number)) for number in range(count)))
            assert results == list(range(count))
    pool.close()


async def test_work_is_not_kept_once_it_is_done(pool: ConnectionPool) -> None:
    class Work:
        def __call__(self, _: sqlite3.Connection) -> None: ...

    work = Work()
    kept = ref(work)
    await pool.run(work)
    del work
    await asyncio.sleep(0.01)
    assert kept() is None
