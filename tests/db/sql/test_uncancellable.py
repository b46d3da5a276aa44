"""What must be finished is finished, whoever cancels meanwhile, and told as it ends."""

import asyncio

import pytest

from db.sql.uncancellable import finished


async def worked(steps: list[str], go_on: "asyncio.Future[str]") -> str:
    steps.append("begun")
    await asyncio.sleep(0)
    steps.append(await go_on)
    await asyncio.sleep(0.001)
    return "ended"


async def test_who_is_canceled_again_and_again_is_told_what_came_of_it() -> None:
    steps: list[str] = []
    go_on: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(finished(worked(steps, go_on)))
    for _ in range(5):
        await asyncio.sleep(0)
        task.cancel()
    assert not task.done()
    go_on.set_result("went on")
    assert await task == "ended"
    assert steps == ["begun", "went on"]


async def test_what_goes_wrong_is_raised() -> None:
    go_on: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(finished(worked([], go_on)))
    await asyncio.sleep(0)
    task.cancel()
    go_on.set_exception(OSError("The disk is full."))
    with pytest.raises(OSError, match="full"):
        await task
