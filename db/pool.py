"""A plain stack of connections: the one used last is used next, and none is reset in between.

asyncpg's own pool costs a small read a fifth to a quarter of its time. What its reset would undo, no
statement of ours does; a connection that was interrupted is closed instead.

When the database is out of reach, requests wait for it, and one task knocks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from db.errors import Unavailable

PAUSE = 0.25
"""Seconds between two tries to reach a database that was out of reach."""

CLOSING = 1.0
"""Seconds for a connection to be closed in order; then it is cut."""

_AWAY = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)
_log = logging.getLogger("dealdesk.database")


class Pool:
    """At most ``size`` connections, opened when they are first needed. ``wait`` is in seconds."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], size: int, wait: float) -> None:
        self._connect = connect
        self._size = size
        self._wait = wait
        # None stands for a connection that is yet to be opened.
        self._idle: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        for _ in range(size):
            self._idle.put_nowait(None)
        self._reaching: asyncio.Task[None] | None = None

    def connection(self) -> "Loan":
        """Lend a connection for a block; entering it raises what ``take`` does."""
        return Loan(self)

    async def close(self) -> None:
        """Close every connection; those that don't come back in time are left to themselves."""
        if self._reaching is not None:
            self._reaching.cancel()
        for _ in range(self._size):
            try:
                connection = await self._take()
            except Unavailable:
                return
            if connection is not None:
                await closed(connection)

    async def take(self) -> Any:
        """Return an open connection, for ``give_back``.

        Raises:
            Unavailable: none was free in time, or the database is out of reach.
            OSError, asyncpg.PostgresError: it can't be connected to.
        """
        if self._reaching is not None:
            await self._reached(self._reaching)
        connection = await self._take()
        if connection is not None and not connection.is_closed():
            return connection
        try:
            return await self._open()
        except BaseException:
            self._idle.put_nowait(None)
            raise

    def give_back(self, connection: Any | None) -> None:
        """Take a connection back, or the room of one that was closed."""
        self._idle.put_nowait(connection)

    def lose(self, connection: Any) -> None:
        """Give up a connection that is silent, and the idle ones, which lead to where it did."""
        idle = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        for each in (connection, *idle):
            if each is not None:
                each.terminate()
            self._idle.put_nowait(None)
        self._knock()

    async def _take(self) -> Any:
        try:
            return self._idle.get_nowait()
        except asyncio.QueueEmpty:
            pass
        try:
            async with asyncio.timeout(self._wait):
                return await self._idle.get()
        except TimeoutError:
            raise Unavailable("Every connection to the database is busy. Try again in a moment.") from None

    async def _open(self) -> Any:
        try:
            async with asyncio.timeout(self._wait):
                return await self._connect()
        except _AWAY:
            self._knock()
            raise

    def _knock(self) -> None:
        if self._reaching is None:
            _log.warning("the database is out of reach; trying on")
            self._reaching = asyncio.create_task(self._reach())

    async def _reached(self, reaching: asyncio.Task[None]) -> None:
        await asyncio.wait([reaching], timeout=self._wait)
        if not reaching.done():
            raise Unavailable("The database can't be reached. Try again in a moment.")

    async def _reach(self) -> None:
        """Try again after each pause, whatever became of the last try: it may never be answered."""
        tries: list[asyncio.Task[bool]] = []
        try:
            while not any(each.done() and each.result() for each in tries):
                tries = [*(each for each in tries if not each.done()), asyncio.create_task(self._answers())]
                await asyncio.sleep(PAUSE)
            _log.warning("the database is reached again")
        finally:
            self._reaching = None
            for each in tries:
                each.cancel()

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(self._wait):
                connection = await self._connect()
        except _AWAY:
            return False
        except asyncpg.PostgresError:
            return True  # it refuses us, which is for those who ask to be told
        await closed(connection)
        return True


class Loan:
    """A connection that comes back at the end of a block."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._pool.give_back(self._connection)
        elif issubclass(kind, TimeoutError):
            self._pool.lose(self._connection)
        elif issubclass(kind, Exception):
            self._pool.give_back(self._connection)
        else:
            await self._abandon()

    async def _abandon(self) -> None:
        # Cancelled, perhaps in the middle of a statement: what state it is in nobody knows.
        try:
            await asyncio.shield(closed(self._connection))
        finally:
            self._pool.give_back(None)


async def closed(connection: Any) -> None:
    """Close a connection, stopping what it does; when that takes too long, cut it."""
    try:
        await connection.close(timeout=CLOSING)
    except Exception:  # noqa: BLE001 - whatever it is, the connection is not to be used again
        connection.terminate()
