"""A plain stack of connections: the one used last is used next, and none is reset in between.

asyncpg's own pool costs a small read a fifth to a quarter of its time. What its reset would undo, no
statement of ours does; a connection that was interrupted is rolled back.

When the database is out of reach, requests wait for it, and one task knocks.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple
from uuid import UUID

import asyncpg

from db.domain.errors import Unavailable
from db.postgres.fair_semaphore import Turns
from db.postgres.idle_connections import Place, Places
from db.postgres.stall_detector import LOOK, Silence
from db.sql.database import PoolStats

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

PAUSE = 0.25
"""Seconds between two tries to reach a database that was out of reach."""

CLOSING = 1.0
"""Seconds for a connection to be closed in order; then it is cut."""

_AWAY = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)
_log = logging.getLogger("dealdesk.database")


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """At most ``size`` connections, of which ``writers`` write at once.

    ``wait`` is for how many seconds one may wait for a connection, ``patience`` for how many a statement may
    stay without an answer; None is for ever.
    """

    size: int
    writers: int
    wait: float
    patience: float | None = None


class Pool:
    """Connections, opened when they are first needed.

    ``confine`` lets a connection work for another organization, or for every one.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Any]],
        confine: Callable[[Any, UUID | None], Awaitable[None]],
        limits: PoolLimits,
    ) -> None:
        self._connect = connect
        self._confine = confine
        self._limits = limits
        self._idle = Places(limits.size, limits.wait)
        self._writing = Turns(limits.writers, limits.wait)
        self._opened: set[Any] = set()
        self._listening: asyncio.Task[None] | None = None
        self._reaching: asyncio.Task[None] | None = None
        self._recovering: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def writing(self, organization_id: UUID | None = None) -> AsyncIterator[Any]:
        """Lend a connection that works for an organization, or for every one, to write with in a block.

        Raises:
            Unavailable: none was free in time, or the database is out of reach.
            OSError, asyncpg.PostgresError: it can't be connected to.
        """
        await _in_time(self._writing.begin())
        try:
            place = self._ready(organization_id) or await self._take(organization_id)
            try:
                yield place.connection
            except BaseException as error:
                await self._take_back(place, error)
                raise
            self._idle.put(place)
        finally:
            self._writing.end()

    async def run(
        self,
        organization_id: UUID | None,
        work: Callable[[Any, *Arguments], Awaitable[T]],
        *arguments: *Arguments,
    ) -> T:
        """Read one thing with a connection; it raises what ``writing`` does.

        A block around it would take a fiftieth of the time that Python needs for a small read.
        """
        place = self._ready(organization_id) or await self._take(organization_id)
        try:
            answer = await work(place.connection, *arguments)
        except BaseException as error:
            await self._take_back(place, error)
            raise
        self._idle.put(place)
        return answer

    def pool_stats(self) -> PoolStats:
        """Return how many connections work, are idle, and are waited for."""
        waiting = self._writing.waiting + self._idle.waiting
        return PoolStats(self._limits.size - self._idle.number, self._idle.open, waiting)

    async def close(self) -> None:
        """Close every connection; those that don't come back in time are left to themselves."""
        for task in (self._listening, self._reaching):
            if task is not None:
                task.cancel()
        for _ in range(self._limits.size):
            try:
                place = await self._idle.take(None)
            except TimeoutError:
                return
            if place.connection is not None:
                await closed(place.connection)

    def _ready(self, organization_id: UUID | None) -> Place | None:
        return self._idle.ready(organization_id) if self._reaching is None else None

    async def _take(self, organization_id: UUID | None) -> Place:
        if self._reaching is not None:
            await self._reached(self._reaching)
        place = await _in_time(self._idle.take(organization_id))
        try:
            if not place.is_open:
                place = Place(await self._open())
            if place.organization_id != organization_id:
                await self._confine(place.connection, organization_id)
        except BaseException:
            place.cut()  # for whom it works now nobody knows
            self._idle.put(Place())
            raise
        return Place(place.connection, organization_id)

    async def _take_back(self, place: Place, error: BaseException) -> None:
        match error:
            case OSError() | asyncpg.InterfaceError() | asyncpg.InternalClientError():
                place.cut()
                self._idle.put(Place())
            case Exception():
                self._idle.put(place)
            case _:
                await self._recover(place)

    async def _recover(self, place: Place) -> None:
        """Take back a connection whose user was canceled, once its statement is stopped and undone.

        Opening another one would cost ten times as much, at the pleasure of clients that leave.
        """
        recovering = asyncio.create_task(self._recovered(place))
        self._recovering.add(recovering)
        recovering.add_done_callback(self._recovering.discard)
        await asyncio.shield(recovering)

    async def _recovered(self, place: Place) -> None:
        try:
            async with asyncio.timeout(CLOSING):
                await _rolled_back(place.connection)
        except Exception:  # noqa: BLE001 - whatever it is, the connection is not to be used again
            place.cut()
            place = Place()
        self._idle.put(place)

    async def _open(self) -> Any:
        try:
            async with asyncio.timeout(self._limits.wait):
                connection = await self._connect()
        except TimeoutError:
            self._lose()
            raise
        except _AWAY:
            self._knock()
            raise
        self._opened.add(connection)
        if self._limits.patience is not None and self._listening is None:
            self._listening = asyncio.create_task(self._listen(Silence(self._limits.patience)))
        return connection

    async def _listen(self, silence: Silence) -> None:
        """Cut connections that are silent: whoever uses them is told so."""
        while True:
            await asyncio.sleep(LOOK)
            self._opened = {each for each in self._opened if not each.is_closed()}
            for connection in silence.of(self._opened - self._idle.connections):
                connection.terminate()
                self._lose()

    def _lose(self) -> None:
        """Give up the idle connections too, which lead to where a silent one did."""
        self._idle.cut()
        self._knock()

    def _knock(self) -> None:
        if self._reaching is None:
            _log.warning("the database is out of reach; trying on")
            self._reaching = asyncio.create_task(self._reach())

    async def _reached(self, reaching: asyncio.Task[None]) -> None:
        await asyncio.wait([reaching], timeout=self._limits.wait)
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
            async with asyncio.timeout(self._limits.wait):
                connection = await self._connect()
        except _AWAY:
            return False
        except asyncpg.PostgresError:
            return True  # it refuses us, which is for those who ask to be told
        await closed(connection)
        return True


async def _in_time(turn: Awaitable[T]) -> T:
    try:
        return await turn
    except TimeoutError:
        raise Unavailable("Every connection to the database is busy. Try again in a moment.") from None


async def _rolled_back(connection: Any) -> None:
    if not connection.is_in_transaction():
        await connection.execute("SELECT")  # waits until the statement is stopped, which may have been BEGIN
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


async def closed(connection: Any) -> None:
    """Close a connection, stopping what it does; when that takes too long, cut it."""
    try:
        await connection.close(timeout=CLOSING)
    except Exception:  # noqa: BLE001 - whatever it is, the connection is not to be used again
        connection.terminate()
