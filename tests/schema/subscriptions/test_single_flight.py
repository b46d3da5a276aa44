"""Reads that several subscribers share: a subscriber that leaves does not cancel the read of the others."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from schema.subscriptions.single_flight import SingleFlight

ORGANIZATION = UUID(int=1)
ANSWER_TIMEOUT_SECONDS = 5
"""How long a test waits for an answer before it fails."""


@dataclass
class SlowRead:
    """A read that ends when the test says so."""

    begun: int = 0
    canceled: int = 0
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> str:
        self.begun += 1
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.canceled += 1
            raise
        return "answer"


async def subscribe(reads: SingleFlight[str], read: SlowRead, number: int) -> list[asyncio.Task[str]]:
    """Start subscribers that ask for the same; return them once all of them wait."""
    subscribers = [asyncio.create_task(reads.do(ORGANIZATION, "key", read)) for _ in range(number)]
    await settle()
    return subscribers


async def settle() -> None:
    """Run the other tasks until each of them waits for an event."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("leaving", [(0,), (1,), (2,), (0, 1), (0, 2)])
async def test_subscribers_who_leave_do_not_cancel_the_read_of_the_others(leaving: tuple[int, ...]) -> None:
    reads, read = SingleFlight[str](), SlowRead()
    subscribers = await subscribe(reads, read, 3)

    for number in leaving:
        subscribers[number].cancel()
        await settle()
    read.may_end.set()
    async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
        answers = await asyncio.gather(*subscribers, return_exceptions=True)

    staying = [answer for number, answer in enumerate(answers) if number not in leaving]
    assert staying == ["answer"] * (3 - len(leaving))
    assert all(isinstance(answers[number], asyncio.CancelledError) for number in leaving)
    assert (read.begun, read.canceled) == (1, 0)


async def test_a_subscriber_that_joins_after_the_first_has_left_shares_the_read() -> None:
    reads, read = SingleFlight[str](), SlowRead()
    first, second = await subscribe(reads, read, 2)
    first.cancel()
    await settle()
    [third] = await subscribe(reads, read, 1)

    read.may_end.set()
    async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
        assert [await second, await third] == ["answer", "answer"]

    assert (read.begun, read.canceled) == (1, 0)


async def test_the_read_is_canceled_when_the_last_subscriber_leaves() -> None:
    reads, read = SingleFlight[str](), SlowRead()
    subscribers = await subscribe(reads, read, 2)

    subscribers[0].cancel()
    await settle()
    assert read.canceled == 0
    subscribers[1].cancel()
    await settle()

    assert (read.begun, read.canceled) == (1, 1)


async def test_a_subscriber_that_comes_after_the_last_has_left_starts_another_read() -> None:
    reads, read = SingleFlight[str](), SlowRead()
    [first] = await subscribe(reads, read, 1)
    first.cancel()
    await settle()
    [second] = await subscribe(reads, read, 1)

    read.may_end.set()
    async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
        assert await second == "answer"

    assert read.begun == 2
