import asyncio
from time import monotonic

import pytest

from db.domain.errors import TimedOut
from schema.limits.concurrency import ConcurrencyLimiter, ConcurrencyLimits, Overloaded

PATIENCE = 20.0
"""Seconds until a test fails that waits for nothing."""


class Operations:
    """Operations that run until they are ended; ``begun`` holds their numbers in the order of their turns."""

    def __init__(self, admission: ConcurrencyLimiter) -> None:
        self.begun: list[int] = []
        self._admission = admission
        self._end = asyncio.Event()

    async def run(self, number: int) -> int:
        return await self._admission.run(self._run, number)

    def end(self) -> None:
        self._end.set()

    async def _run(self, number: int) -> int:
        self.begun.append(number)
        async with asyncio.timeout(PATIENCE):
            await self._end.wait()
        return number


async def begun(operations: Operations, number: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(operations.run(each)) for each in range(number)]
    await asyncio.sleep(0.01)
    return tasks


async def test_so_many_run_at_once_and_the_others_have_their_turn_in_the_order_they_came() -> None:
    admission = ConcurrencyLimiter(ConcurrencyLimits(running=2, waiting=10, wait=5.0))
    operations = Operations(admission)
    tasks = await begun(operations, 5)

    assert (operations.begun, admission.running, admission.waiting) == ([0, 1], 2, 3)
    operations.end()
    assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]
    assert operations.begun == [0, 1, 2, 3, 4]
    assert (admission.running, admission.waiting) == (0, 0)


async def test_who_has_no_turn_in_time_is_refused_after_it_whether_in_line_or_not() -> None:
    admission = ConcurrencyLimiter(ConcurrencyLimits(running=1, waiting=1, wait=0.2))
    operations = Operations(admission)
    before = monotonic()
    tasks = await begun(operations, 3)

    done, _ = await asyncio.wait(tasks[1:], timeout=PATIENCE)
    seconds = monotonic() - before

    assert [str(each.exception()) for each in done] == [
        "Too much is going on here. Nothing was done; try again in a moment."
    ] * 2
    assert 0.2 <= seconds < 1.0
    assert (operations.begun, admission.running, admission.waiting) == ([0], 1, 0)
    operations.end()
    assert await tasks[0] == 0


async def test_who_leaves_the_line_holds_nobody_up() -> None:
    admission = ConcurrencyLimiter(ConcurrencyLimits(running=1, waiting=10, wait=5.0))
    operations = Operations(admission)
    tasks = await begun(operations, 4)

    tasks[1].cancel()  # in line
    await asyncio.sleep(0)
    operations.end()
    await asyncio.sleep(0)
    tasks[2].cancel()  # perhaps in the moment of its turn
    await asyncio.wait(tasks, timeout=PATIENCE)

    assert await tasks[3] == 3
    assert (admission.running, admission.waiting) == (0, 0)


async def test_what_runs_too_long_is_canceled_and_told_so() -> None:
    admission = ConcurrencyLimiter(ConcurrencyLimits(seconds=0.1))

    with pytest.raises(TimedOut, match="This took longer than"):
        await Operations(admission).run(0)

    assert admission.running == 0


async def test_each_has_its_own_time() -> None:
    admission = ConcurrencyLimiter(ConcurrencyLimits(seconds=0.2))
    operations = Operations(admission)
    first = asyncio.create_task(operations.run(0))
    await asyncio.sleep(0.15)
    second = asyncio.create_task(operations.run(1))
    await asyncio.wait([first], timeout=PATIENCE)
    operations.end()

    assert await second == 1
    with pytest.raises(TimedOut):
        await first


async def test_what_is_canceled_from_outside_stays_canceled() -> None:
    admission = ConcurrencyLimiter(ConcurrencyLimits(seconds=0.1))
    [task] = await begun(Operations(admission), 1)

    task.cancel()
    await asyncio.wait([task], timeout=PATIENCE)

    assert task.cancelled()
    assert admission.running == 0


async def test_what_is_done_though_its_time_was_over_is_told() -> None:
    admission = ConcurrencyLimiter(ConcurrencyLimits(seconds=0.05))

    async def stubborn() -> str:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            return "done"
        return "not canceled"

    assert await asyncio.create_task(admission.run(stubborn)) == "done"


def test_being_refused_says_when_to_come_again() -> None:
    assert (Overloaded().code, Overloaded().retry_after) == ("UNAVAILABLE", 2)
