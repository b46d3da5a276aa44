"""Work that a cancellation of its caller does not stop."""

import asyncio

import pytest

from db.sql.cancellation import run_uncancelled


async def work(steps: list[str], result: "asyncio.Future[str]") -> str:
    steps.append("started")
    await asyncio.sleep(0)
    steps.append(await result)
    await asyncio.sleep(0.001)
    return "done"


async def test_a_caller_cancelled_repeatedly_still_gets_the_result() -> None:
    steps: list[str] = []
    result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run_uncancelled(work(steps, result)))
    for _ in range(5):
        await asyncio.sleep(0)
        task.cancel()
    assert not task.done()
    result.set_result("continued")
    assert await task == "done"
    assert steps == ["started", "continued"]


async def test_a_cancelled_caller_still_gets_the_error() -> None:
    result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run_uncancelled(work([], result)))
    await asyncio.sleep(0)
    task.cancel()
    result.set_exception(OSError("The disk is full."))
    with pytest.raises(OSError, match="full"):
        await task
