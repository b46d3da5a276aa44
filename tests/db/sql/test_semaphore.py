"""Waiting for a semaphore: in the order of arrival, for no longer than its timeout."""

import asyncio
from time import monotonic

import pytest

from db.domain.errors import Unavailable
from db.sql.semaphore import TimedSemaphore

LONG_SECONDS = 5.0
SHORT_SECONDS = 0.1


class Holder:
    """A task that enters the semaphore and holds it until it is released."""

    def __init__(self, semaphore: TimedSemaphore) -> None:
        self.entered = asyncio.Event()
        self.leave = asyncio.Event()
        self.task = asyncio.create_task(self._hold(semaphore))

    async def _hold(self, semaphore: TimedSemaphore) -> None:
        async with semaphore:
            self.entered.set()
            await self.leave.wait()

    async def enters(self) -> None:
        async with asyncio.timeout(LONG_SECONDS):
            await self.entered.wait()


def semaphore_of(timeout_seconds: float, size: int = 1) -> TimedSemaphore:
    return TimedSemaphore(size, timeout_seconds, "Everything is busy.")


async def holders(semaphore: TimedSemaphore, number: int) -> list[Holder]:
    found = [Holder(semaphore) for _ in range(number)]
    await asyncio.sleep(0)
    return found


async def test_tasks_enter_in_the_order_of_arrival() -> None:
    semaphore = semaphore_of(LONG_SECONDS)
    held, *waiting = await holders(semaphore, 4)
    assert (semaphore.held, semaphore.waiting) == (1, 3)
    for next_ in waiting:
        held.leave.set()
        await next_.enters()
        assert sum(each.entered.is_set() for each in waiting) == waiting.index(next_) + 1
        held = next_
    held.leave.set()
    await held.task
    assert (semaphore.held, semaphore.waiting) == (0, 0)


async def test_several_tasks_enter_up_to_the_size() -> None:
    semaphore = semaphore_of(LONG_SECONDS, size=2)
    first, second, third = await holders(semaphore, 3)
    assert [each.entered.is_set() for each in (first, second, third)] == [True, True, False]
    second.leave.set()
    await third.enters()
    for each in (first, third):
        each.leave.set()
        await each.task


async def test_each_task_waits_for_its_own_timeout() -> None:
    semaphore = semaphore_of(SHORT_SECONDS)
    held = Holder(semaphore)
    waiting = []
    for _ in range(3):
        waiting.append(Holder(semaphore))
        await asyncio.sleep(SHORT_SECONDS / 2)
    await asyncio.wait([waiting[1].task])  # half a timeout after the first, and before the third
    assert [each.task.done() for each in waiting] == [True, True, False]
    held.leave.set()
    await waiting[2].enters()
    waiting[2].leave.set()
    for each in waiting[:2]:
        with pytest.raises(Unavailable, match="Everything is busy"):
            await each.task


async def test_a_task_that_comes_after_others_have_entered_still_times_out() -> None:
    semaphore = semaphore_of(SHORT_SECONDS)
    first, second = await holders(semaphore, 2)
    first.leave.set()
    await second.enters()
    before = monotonic()
    with pytest.raises(Unavailable):
        async with semaphore:
            pass
    assert SHORT_SECONDS <= monotonic() - before < LONG_SECONDS
    second.leave.set()
    await second.task


@pytest.mark.parametrize("cancels_first", [True, False])
async def test_a_cancelled_task_leaves_its_turn_to_the_next(*, cancels_first: bool) -> None:
    semaphore = semaphore_of(LONG_SECONDS)
    held, cancelled, next_ = await holders(semaphore, 3)
    if cancels_first:
        cancelled.task.cancel()
    held.leave.set()
    await held.task
    if not cancels_first:
        cancelled.task.cancel()  # in the moment in which it is its turn
    await next_.enters()
    with pytest.raises(asyncio.CancelledError):
        await cancelled.task
    next_.leave.set()
    await next_.task
    assert (semaphore.held, semaphore.waiting) == (0, 0)
