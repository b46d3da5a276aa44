"""Organizations share the reads of subscriptions: those of one do not delay another's."""

import asyncio
from uuid import UUID

from schema.subscriptions.fair_slots import FairSlots

ADA, BEN, CLEO = UUID(int=1), UUID(int=2), UUID(int=3)


class Reads:
    """Reads that end when the test says so; ``running`` are their organizations in the order of their start."""

    def __init__(self) -> None:
        self.running: list[UUID] = []
        self._slots = FairSlots()
        self._ends: list[asyncio.Event] = []

    def start(self, organization_id: UUID) -> asyncio.Task[None]:
        async def read() -> None:
            self.running.append(organization_id)
            self._ends.append(end := asyncio.Event())
            await end.wait()

        return asyncio.create_task(self._slots.run(organization_id, read))

    async def settle(self) -> list[UUID]:
        for _ in range(10):
            await asyncio.sleep(0)
        return self.running

    def end_first(self) -> None:
        self.running.pop(0)
        self._ends.pop(0).set()


async def test_one_organization_leaves_a_slot_to_the_others() -> None:
    reads = Reads()
    tasks = [reads.start(ADA) for _ in range(5)]
    assert await reads.settle() == [ADA, ADA]
    tasks.append(reads.start(BEN))
    assert await reads.settle() == [ADA, ADA, BEN]
    await cancel(tasks)


async def test_waiting_organizations_take_turns() -> None:
    reads = Reads()
    tasks = [reads.start(each) for each in (ADA, ADA, BEN, ADA, ADA, ADA, BEN, BEN, CLEO)]
    started = list(await reads.settle())
    while reads.running:
        before = len(reads.running) - 1
        reads.end_first()
        started += (await reads.settle())[before:]

    assert started[:3] == [ADA, ADA, BEN]
    assert CLEO in started[3:6]  # although five others came before
    assert sorted(started) == sorted([ADA] * 5 + [BEN] * 3 + [CLEO])
    await asyncio.gather(*tasks)


async def test_a_read_that_is_cancelled_frees_its_slot_whether_or_not_it_runs() -> None:
    reads = Reads()
    tasks = [reads.start(ADA) for _ in range(4)]
    await reads.settle()
    await cancel([tasks[0], tasks[2]])
    assert await reads.settle() == [ADA, ADA, ADA]
    await cancel([tasks[1], tasks[3]])
    tasks = [reads.start(BEN) for _ in range(2)]
    assert (await reads.settle())[3:] == [BEN, BEN]
    await cancel(tasks)


async def cancel(tasks: list[asyncio.Task[None]]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.wait(tasks)
