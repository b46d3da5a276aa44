"""Which connection is lent to whom: one that works for the right organization, where one is idle."""

import asyncio
from uuid import UUID

import pytest

from db.domain.ids import new_id
from db.postgres.pool import Pool, PoolLimits
from db.postgres.stall_detector import LOOK

OURS, THEIRS, OTHERS = new_id(), new_id(), new_id()


PATIENCE = 20.0
"""Seconds until a test fails that waits for nothing."""


class Connection:
    """A connection that knows for whom it works, and how often it was told."""

    def __init__(self) -> None:
        self.works_for: UUID | None = None
        self.told = 0
        self.asked = 0
        self.end = asyncio.Event()

    def is_closed(self) -> bool:
        return self.end.is_set()

    def terminate(self) -> None:
        self.end.set()


class Server:
    """Opens connections, and may be slow to hear for whom they work."""

    def __init__(self, size: int, patience: float | None = None) -> None:
        self.connections: list[Connection] = []
        self.answers = asyncio.Event()
        self.answers.set()
        limits = PoolLimits(size, writers=2, wait=10, patience=patience)
        self.pool = Pool(self._connect, self._confine, limits)

    async def ask(self, organization_id: UUID | None) -> Connection:
        """Use a connection for a moment."""
        connection = await self.pool.run(organization_id, _itself)
        assert connection.works_for == organization_id
        assert not connection.is_closed()
        return connection

    async def _connect(self) -> Connection:
        self.connections.append(Connection())
        return self.connections[-1]

    async def _confine(self, connection: Connection, organization_id: UUID | None) -> None:
        connection.told += 1
        await asyncio.wait_for(self.answers.wait(), PATIENCE)
        connection.works_for = organization_id


async def _itself(connection: Connection) -> Connection:
    return connection


@pytest.fixture
async def server() -> Server:
    return Server(size=2)


async def test_each_organization_keeps_a_connection_while_there_is_room(server: Server) -> None:
    ours, theirs = await server.ask(OURS), await server.ask(THEIRS)
    for _ in range(3):
        assert await server.ask(OURS) is ours
        assert await server.ask(THEIRS) is theirs
    assert [each.told for each in server.connections] == [1, 1]


async def test_for_another_organization_the_least_used_connection_is_taken(server: Server) -> None:
    ours, theirs = await server.ask(OURS), await server.ask(THEIRS)
    await server.ask(OURS)
    assert await server.ask(OTHERS) is theirs
    assert await server.ask(OURS) is ours
    assert [each.told for each in server.connections] == [1, 2]


async def test_what_concerns_every_organization_needs_no_word(server: Server) -> None:
    await server.ask(None)
    assert [each.told for each in server.connections] == [0]


async def test_who_waits_gets_whatever_connection_comes_back(server: Server) -> None:
    async with server.pool.writing(OURS), server.pool.writing(OURS):
        waiting = asyncio.create_task(server.ask(THEIRS))
        await asyncio.sleep(0)
    assert (await waiting).works_for == THEIRS
    assert len(server.connections) == 2


async def test_a_connection_that_was_lost_while_it_was_idle_is_not_lent(server: Server) -> None:
    ours = await server.ask(OURS)
    ours.terminate()
    assert await server.ask(OURS) is not ours
    assert len(server.connections) == 2


async def test_while_the_database_is_out_of_reach_whoever_asks_waits() -> None:
    server = Server(size=3, patience=LOOK)
    ours, theirs = await server.ask(OURS), await server.ask(THEIRS)
    async with server.pool.writing(OURS):
        await asyncio.wait_for(ours.end.wait(), PATIENCE)
    assert theirs.is_closed()  # it leads to the same server
    asking = asyncio.create_task(server.ask(OURS))
    await asyncio.sleep(0)
    assert not asking.done()
    assert await asking not in (ours, theirs)
    await server.pool.close()


async def test_a_connection_that_is_asked_again_and_again_is_not_silent() -> None:
    server = Server(size=2, patience=3 * LOOK)
    async with server.pool.writing(OURS) as busy, server.pool.writing(OURS) as silent:
        for _ in range(9):
            await asyncio.sleep(LOOK)
            busy.asked += 1
        assert silent.is_closed()
        assert not busy.is_closed()
    await server.pool.close()


async def test_a_connection_that_nobody_uses_may_be_silent() -> None:
    server = Server(size=1, patience=LOOK)
    ours = await server.ask(OURS)
    await asyncio.sleep(5 * LOOK)
    assert await server.ask(OURS) is ours
    await server.pool.close()


async def test_a_connection_that_was_not_told_in_time_is_closed(server: Server) -> None:
    ours = await server.ask(OURS)
    await server.ask(THEIRS)
    server.answers.clear()
    asking = asyncio.create_task(server.ask(OTHERS))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    server.answers.set()

    assert ours.is_closed()
    assert await server.ask(OURS) is not ours
    assert len(server.connections) == 3
