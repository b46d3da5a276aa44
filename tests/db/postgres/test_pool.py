"""Which connection of the pool a task gets, and what becomes of it after an error."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from db.domain.errors import Unavailable
from db.domain.ids import new_id
from db.postgres.connection import Connection, connect
from db.postgres.pool import Pool
from db.sql.timeouts import Timeouts
from tests.schema.support.listener import wait_until

OURS, THEIRS, OTHERS = new_id(), new_id(), new_id()
ORGANIZATION = "SELECT current_setting('dealdesk.organization_id', true)"
ROLE = "SELECT current_user::text"


class Server:
    """Opens connections to a database, counts them, and may be out of reach."""

    def __init__(self, url: str, size: int) -> None:
        self.connections: list[Connection] = []
        self.error: Exception | None = None
        self.pool = Pool(self._connect, size, writers=2, acquire_seconds=2.0)
        self._url = url

    async def use(self, organization_id: UUID | None) -> Connection:
        """Use a connection for a moment."""
        async with self.pool.connection(organization_id) as connection:
            assert (await connection.fetchval(ORGANIZATION) or None) == (
                organization_id and str(organization_id)
            )
            return connection

    async def _connect(self) -> Connection:
        if self.error is not None:
            raise self.error
        self.connections.append(await connect(self._url, Timeouts()))
        return self.connections[-1]


@pytest.fixture
async def server(postgresql_url: str) -> AsyncIterator[Server]:
    server = Server(postgresql_url, size=2)
    yield server
    await server.pool.close()


async def test_each_organization_keeps_a_connection_while_there_are_enough(server: Server) -> None:
    ours, theirs = await server.use(OURS), await server.use(THEIRS)
    for _ in range(3):
        assert await server.use(OURS) is ours
        assert await server.use(THEIRS) is theirs
    assert len(server.connections) == 2


async def test_another_organization_gets_the_connection_that_was_not_used_for_longest(server: Server) -> None:
    ours, theirs = await server.use(OURS), await server.use(THEIRS)
    await server.use(OURS)
    assert await server.use(OTHERS) is theirs
    assert await server.use(OURS) is ours
    assert len(server.connections) == 2


async def test_a_connection_is_set_to_an_organization_only_when_that_changes(server: Server) -> None:
    statements: list[str] = []
    ours = await server.use(OURS)
    ours.add_query_logger(lambda record: statements.append(record.query))
    await server.use(OURS)
    await asyncio.sleep(0)  # the driver logs in a callback
    assert statements == [ORGANIZATION]
    await server.use(THEIRS)
    assert await server.use(OTHERS) is ours
    await asyncio.sleep(0)
    assert len([each for each in statements if "set_config" in each]) == 1


async def test_a_connection_for_all_organizations_has_its_own_role(server: Server) -> None:
    async with server.pool.connection(None) as connection:
        owner = await connection.fetchval(ROLE)
    async with server.pool.connection(OURS) as connection:
        assert await connection.fetchval(ROLE) == "dealdesk_caller"
    await server.use(THEIRS)
    async with server.pool.connection(None) as connection:
        assert await connection.fetchval(ROLE) == owner
    assert len(server.connections) == 2


async def test_a_waiting_task_gets_any_connection_that_is_released(server: Server) -> None:
    async with server.pool.connection_to_write(OURS), server.pool.connection_to_write(OURS):
        waiting = asyncio.create_task(server.use(THEIRS))
        await asyncio.sleep(0)
        assert server.pool.stats().waiting == 1
    assert (await waiting).organization_id == THEIRS
    assert len(server.connections) == 2


async def test_a_connection_that_was_lost_while_it_was_idle_is_not_used(server: Server) -> None:
    ours = await server.use(OURS)
    ours.terminate()
    assert await server.use(OURS) is not ours
    assert len(server.connections) == 2


async def test_after_a_timeout_tasks_wait_until_the_server_is_reached_again(server: Server) -> None:
    ours, theirs = await server.use(OURS), await server.use(THEIRS)
    server.error = ConnectionRefusedError()
    with pytest.raises(TimeoutError):
        async with server.pool.connection(OURS):
            raise TimeoutError
    assert ours.is_closed()
    assert theirs.is_closed()  # it leads to the same server
    using = asyncio.create_task(server.use(OURS))
    await asyncio.sleep(0.5)
    assert not using.done()
    server.error = None
    assert await using not in (ours, theirs)


async def test_while_the_server_is_out_of_reach_a_task_waits_for_no_longer_than_the_timeout(
    server: Server,
) -> None:
    server.error = ConnectionRefusedError()
    with pytest.raises(ConnectionRefusedError):
        await server.use(OURS)
    with pytest.raises(Unavailable, match="can't be reached"):
        await server.use(OURS)


async def test_a_connection_whose_role_may_be_half_set_is_terminated(server: Server) -> None:
    await server.use(OURS)
    theirs = await server.use(THEIRS)
    await server.use(OURS)
    using = asyncio.create_task(server.use(OTHERS))
    await asyncio.sleep(0)  # it has sent its statement, and waits for the answer
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert theirs.is_closed()
    assert await server.use(THEIRS) is not theirs


async def test_a_transaction_of_a_cancelled_task_is_rolled_back(server: Server) -> None:
    async def write() -> None:
        async with server.pool.connection_to_write(None) as connection:
            await connection.execute("BEGIN")
            await connection.execute("SELECT pg_sleep(60)")

    writing = asyncio.create_task(write())
    await wait_until(lambda: server.pool.stats().busy == 1 and bool(server.connections))
    await asyncio.sleep(0.1)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with server.pool.connection(None) as connection:
        assert connection is server.connections[0]
        assert not connection.is_in_transaction()
        assert await connection.fetchval("SELECT 7") == 7


async def test_a_connection_is_terminated_after_an_error_of_the_driver(server: Server) -> None:
    ours = await server.use(OURS)
    with pytest.raises(asyncpg.InterfaceError, match="a broken protocol"):
        async with server.pool.connection(OURS):
            raise asyncpg.InterfaceError("a broken protocol")
    assert ours.is_closed()
    assert server.pool.stats().idle == 0
