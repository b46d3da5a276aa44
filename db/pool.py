"""A plain stack of connections: the one used last is used next, and none is reset in between.

asyncpg's own pool costs a small read a fifth to a quarter of its time. What its reset would undo, no
statement of ours does; a connection that was interrupted is closed instead.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

WAIT = 10.0
"""Seconds that a request waits for a connection."""


class Pool:
    """At most ``size`` connections, opened when they are first needed."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], size: int) -> None:
        self._connect = connect
        self._size = size
        # None stands for a connection that is yet to be opened.
        self._idle: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        for _ in range(size):
            self._idle.put_nowait(None)

    def connection(self) -> "Loan":
        """Lend a connection for a block; entering it raises TimeoutError when none was free in time."""
        return Loan(self)

    async def close(self) -> None:
        """Wait for every connection to come back, and close it."""
        for _ in range(self._size):
            connection = await self._take()
            if connection is not None:
                await connection.close()

    async def take(self) -> Any:
        """Return an open connection, for ``give_back``."""
        connection = await self._take()
        if connection is not None and not connection.is_closed():
            return connection
        try:
            return await self._connect()
        except BaseException:
            self._idle.put_nowait(None)
            raise

    def give_back(self, connection: Any | None) -> None:
        """Take a connection back, or the room of one that was closed."""
        self._idle.put_nowait(connection)

    async def _take(self) -> Any:
        try:
            return self._idle.get_nowait()
        except asyncio.QueueEmpty:
            async with asyncio.timeout(WAIT):
                return await self._idle.get()


class Loan:
    """A connection that comes back at the end of a block."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):
            self._pool.give_back(self._connection)
            return
        # Cancelled, perhaps in the middle of a statement: what state it is in nobody knows.
        try:
            await asyncio.shield(_closed(self._connection))
        finally:
            self._pool.give_back(None)


async def _closed(connection: Any) -> None:
    try:
        await connection.close(timeout=WAIT)
    except (OSError, TimeoutError):
        connection.terminate()
