import asyncio
from time import monotonic

import pytest

from db.domain.errors import TimedOut
from schema.limits.concurrency import ConcurrencyLimiter, ConcurrencyLimits, Overloaded

TEST_TIMEOUT_SECONDS = 20.0
"""Seconds until a test fails that waits for something that does not happen."""


class Operations:
    """Operations that run until ``end``; ``started`` holds their numbers in the order of their start."""

    def __init__(self, limiter: ConcurrencyLimiter) -> None:
        self.started: list[int] = []
        self._limiter = limiter
        self._end = asyncio.Event()

    async def run(self, number: int) -> int:
        return await self._limiter.run(self._run, number)

    async def _run(self, number: int) -> int:
        self.started.append(number)
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await self._end.wait()
        return number

    def end(self) -> None:
        self._end.set()


async def start(operations: Operations, number: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(operations.run(each)) for each in range(number)]
    await asyncio.sleep(0.01)
    return tasks


async def test_operations_beyond_the_limit_wait_and_run_in_the_order_of_their_arrival() -> None:
    limiter = ConcurrencyLimiter(ConcurrencyLimits(running=2, waiting=10, wait_seconds=5.0))
    operations = Operations(limiter)
    tasks = await start(operations, 5)

    assert (operations.started, limiter.running, limiter.waiting) == ([0, 1], 2, 3)
    operations.end()
    assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]
    assert operations.started == [0, 1, 2, 3, 4]
    assert (limiter.running, limiter.waiting) == (0, 0)


async def test_an_operation_without_a_slot_is_rejected_after_the_wait_even_if_the_queue_is_full() -> None:
    limiter = ConcurrencyLimiter(ConcurrencyLimits(running=1, waiting=1, wait_seconds=0.2))
    operations = Operations(limiter)
    before = monotonic()
    tasks = await start(operations, 3)
    assert (limiter.running, limiter.waiting) == (1, 1)

    done, _ = await asyncio.wait(tasks[1:], timeout=TEST_TIMEOUT_SECONDS)
    seconds = monotonic() - before

    assert [str(each.exception()) for each in done] == [
        "The server is overloaded. Nothing was done; try again in a moment."
    ] * 2
    assert 0.2 <= seconds < 1.0
    assert (operations.started, limiter.running, limiter.waiting) == ([0], 1, 0)
    operations.end()
    assert await tasks[0] == 0


async def test_an_operation_that_is_canceled_while_waiting_does_not_hold_up_the_others() -> None:
    limiter = ConcurrencyLimiter(ConcurrencyLimits(running=1, waiting=10, wait_seconds=5.0))
    operations = Operations(limiter)
    tasks = await start(operations, 4)

    tasks[1].cancel()  # while it waits
    await asyncio.sleep(0)
    operations.end()
    await asyncio.sleep(0)
    tasks[2].cancel()  # perhaps at the moment when it gets a slot
    await asyncio.wait(tasks, timeout=TEST_TIMEOUT_SECONDS)

    assert await tasks[3] == 3
    assert (limiter.running, limiter.waiting) == (0, 0)


async def test_an_operation_that_runs_too_long_is_canceled_with_a_timeout() -> None:
    limiter = ConcurrencyLimiter(ConcurrencyLimits(timeout_seconds=0.1))

    with pytest.raises(TimedOut, match="This took longer than"):
        await Operations(limiter).run(0)

    assert limiter.running == 0


async def test_each_operation_has_its_own_timeout() -> None:
    limiter = ConcurrencyLimiter(ConcurrencyLimits(timeout_seconds=0.2))
    operations = Operations(limiter)
    first = asyncio.create_task(operations.run(0))
    await asyncio.sleep(0.15)
    second = asyncio.create_task(operations.run(1))
    await asyncio.wait([first], timeout=TEST_TIMEOUT_SECONDS)
    operations.end()

    assert await second == 1
    with pytest.raises(TimedOut):
        await first


async def test_an_operation_that_is_canceled_from_outside_stays_canceled() -> None:
    limiter = ConcurrencyLimiter(ConcurrencyLimits(timeout_seconds=0.1))
    [task] = await start(Operations(limiter), 1)

    task.cancel()
    await asyncio.wait([task], timeout=TEST_TIMEOUT_SECONDS)

    assert task.cancelled()
    assert limiter.running == 0


async def test_a_result_that_arrives_after_the_timeout_is_returned() -> None:
    limiter = ConcurrencyLimiter(ConcurrencyLimits(timeout_seconds=0.05))

    async def stubborn() -> str:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            return "done"
        return "not canceled"

    assert await asyncio.create_task(limiter.run(stubborn)) == "done"


def test_an_overloaded_server_says_when_to_retry() -> None:
    assert (Overloaded().code, Overloaded().retry_after) == ("UNAVAILABLE", 2)
