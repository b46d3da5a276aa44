"""A pool of PostgreSQL connections, each set to one organization until it is needed for another.

asyncpg's own pool makes a proxy and a task at each use: a small read takes Python 63 us with it, 85 us with
an acquire timeout, 22 us with this one and 20 us on a bare connection.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from time import perf_counter
from uuid import UUID

import asyncpg

from db.domain.errors import Unavailable
from db.postgres.connection import Connection, close
from db.postgres.reconnector import MAY_COME_BACK, Reconnector
from db.postgres.tenant_role import set_tenant_role
from db.sql.cancellation import run_uncancelled
from db.sql.database import BusyTime, PoolStats
from db.sql.semaphore import TimedSemaphore

ROLLBACK_TIMEOUT_SECONDS = 1.0

OWN_CONNECTIONS = 2
"""Connections that callers leave to the server's own work, such as token checks, events and seals."""

_BUSY = "Every connection to the database is busy. Try again in a moment."

_BROKEN = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Errors after which a connection is not used again. TimeoutError, an OSError, means a silent server."""


class Pool:
    """At most ``size`` connections, opened when they are needed; at most ``writers`` of them write at once.

    A task that finds none free waits for at most ``acquire_seconds``, in the order of arrival. Connections
    for organizations serve callers. Callers leave up to ``OWN_CONNECTIONS`` to the server's own work, so that
    their long statements do not delay it.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], size: int, writers: int, acquire_seconds: float
    ) -> None:
        self._connect = connect
        self._size = size
        self._acquire_seconds = acquire_seconds
        self._connections = TimedSemaphore(size, acquire_seconds, _BUSY)
        own = min(OWN_CONNECTIONS, (size - 1) // 2)
        self._callers = TimedSemaphore(size - own, acquire_seconds, _BUSY)
        self._writers = TimedSemaphore(writers, acquire_seconds, _BUSY)
        self._idle: list[Connection] = []  # the one used last is at the end
        self._reconnector = Reconnector(connect)

    def stats(self) -> PoolStats:
        """Return how many connections are busy and idle, and how many tasks wait for one."""
        idle = sum(not connection.is_closed() for connection in self._idle)
        queues = (self._connections, self._callers, self._writers)
        return PoolStats(self._connections.held, idle, sum(each.waiting for each in queues))

    def connection(
        self, organization_id: UUID | None, busy_time: BusyTime | None = None
    ) -> "_ConnectionContext":
        """Return a context manager that acquires a connection, releases it and adds to the busy time."""
        callers = None if organization_id is None else self._callers
        return _ConnectionContext(self, organization_id, callers, busy_time or BusyTime())

    @asynccontextmanager
    async def connection_to_write(
        self, organization_id: UUID | None, busy_time: BusyTime | None = None
    ) -> AsyncIterator[Connection]:
        """Yield a connection as ``connection`` does, to one of the few that write at the same time."""
        async with self._writers, self.connection(organization_id, busy_time) as connection:
            yield connection

    async def acquire(self, organization_id: UUID | None) -> Connection:
        """Return a connection that sees the rows of one organization, or of all.

        Raises:
            Unavailable: no connection was free in time, or the server did not come back in time.
            OSError, asyncpg.PostgresError: connecting failed.
        """
        await self._connections.acquire()
        try:
            connection = self._take_idle(organization_id) or await self._open()
            if connection.organization_id != organization_id:
                await self._set_organization(connection, organization_id)
        except BaseException:
            self._connections.release()
            raise
        return connection

    async def release(self, connection: Connection, error: BaseException | None) -> None:
        """Make a connection available again.

        After an error or a cancellation, roll its transaction back; terminate it where that fails.
        """
        if error is not None:
            await run_uncancelled(self._recover(connection, error))
        if not connection.is_closed():
            self._idle.append(connection)
        self._connections.release()

    async def close(self) -> None:
        """Close the idle connections, after waiting up to the acquire timeout for the busy ones."""
        await self._reconnector.stop()
        async with AsyncExitStack() as held:
            with suppress(Unavailable):
                for _ in range(self._size):
                    await held.enter_async_context(self._connections)
            await asyncio.gather(*map(close, self._idle))

    def _take_idle(self, organization_id: UUID | None) -> Connection | None:
        """Return the last one used for the organization; if no more may be opened, the one least used."""
        for index in reversed(range(len(self._idle))):
            connection = self._idle[index]
            if connection.organization_id == organization_id and not connection.is_closed():
                return self._idle.pop(index)
        while self._connections.held + len(self._idle) > self._size:
            connection = self._idle.pop(0)
            if not connection.is_closed():
                return connection
        return None

    async def _open(self) -> Connection:
        await self._reconnector.wait(self._acquire_seconds)
        try:
            return await self._connect()
        except MAY_COME_BACK as error:
            self._lose_server(error)
            raise

    async def _set_organization(self, connection: Connection, organization_id: UUID | None) -> None:
        try:
            await set_tenant_role(connection, organization_id)
        except BaseException as error:
            connection.terminate()  # which rows it sees now is unknown
            if isinstance(error, TimeoutError):
                self._lose_server(error)
            raise
        connection.organization_id = organization_id

    async def _recover(self, connection: Connection, error: BaseException) -> None:
        if isinstance(error, TimeoutError):
            self._lose_server(error)
        if isinstance(error, _BROKEN):
            connection.terminate()
        if connection.is_closed():
            return
        try:
            async with asyncio.timeout(ROLLBACK_TIMEOUT_SECONDS):
                if not isinstance(error, Exception) and not connection.is_in_transaction():
                    await connection.execute(
                        "SELECT"
                    )  # waits for the cancelled statement, which may be BEGIN
                if connection.is_in_transaction():
                    await connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - whatever it is, the connection is not used again
            connection.terminate()

    def _lose_server(self, error: Exception) -> None:
        """Reconnect in the background; of a silent server, give up the idle connections as well."""
        if isinstance(error, TimeoutError):
            for connection in self._idle:
                connection.terminate()
            self._idle.clear()
        self._reconnector.start()


class _ConnectionContext:
    """Acquires a connection of the pool for a block; a generator would take 5 us of a read more."""

    def __init__(
        self,
        pool: Pool,
        organization_id: UUID | None,
        callers: TimedSemaphore | None,
        busy_time: BusyTime,
    ) -> None:
        self._pool = pool
        self._organization_id = organization_id
        self._callers = callers
        self._busy_time = busy_time

    async def __aenter__(self) -> Connection:
        callers = self._callers
        if callers is not None:
            await callers.acquire()
        try:
            self._connection = await self._pool.acquire(self._organization_id)
        except BaseException:
            if callers is not None:
                callers.release()
            raise
        self._acquired_at = perf_counter()
        return self._connection

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._busy_time.seconds += perf_counter() - self._acquired_at
        try:
            await self._pool.release(self._connection, error)
        finally:
            if self._callers is not None:
                self._callers.release()
