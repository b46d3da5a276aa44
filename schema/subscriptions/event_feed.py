"""Listening to events: one poller for everybody in this process, and only while somebody listens."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress

from graphql import GraphQLError

from db.audit.events import (
    EVENTS_PAGE_SIZE,
    START,
    Event,
    EventPosition,
    Topic,
    events_after,
    latest_position,
)
from db.sql.database import Database
from schema.planner.errors import BadInput
from schema.subscriptions.single_flight import SingleFlight

_log = logging.getLogger("dealdesk.events")

POLL_INTERVAL_SECONDS = 0.2
"""Seconds between two looks for events of other processes; those of this one are looked for at once."""

MAX_PENDING_EVENTS = 256
"""How many events wait for one listener. One that is slower reads from the database what it has missed."""

MAX_SUBSCRIBERS = 10_000

AT_A_TIME = 32
"""How many listeners are told before others have their turn: each of them has an answer to send."""


class TooManySubscribers(GraphQLError):
    """There is no room for another listener in this process."""

    def __init__(self) -> None:
        message = "Too many subscriptions are open. Close some, or try again later."
        super().__init__(message, extensions={"code": "THROTTLED"})


class ServerStopping(Exception):
    """The server stops. Whoever listened can go on elsewhere, after the last event that it was told."""


class EventFeed:
    """Tells its listeners of events, to each of them once and in the same order.

    ``listeners`` says how many there are; ``reads`` is how they read what they tell on. Once it
    ``is_stopped``, there is nothing more to tell.
    """

    def __init__(self, database: Database) -> None:
        self.reads = SingleFlight()
        self.subscribers = 0
        self._database = database
        self._by_topic: dict[Topic, set[_Listener]] = {}
        self._poller: asyncio.Task[None] | None = None
        self._place = START
        self._stirred = asyncio.Event()
        self.stopped = False

    def notify(self) -> None:
        """Look for events at once, because something was committed here."""
        self._stirred.set()

    def stop(self) -> None:
        """End everybody's listening, for good."""
        self.stopped = True
        self._stirred.set()
        for listeners in self._by_topic.values():
            for listener in listeners:
                listener.wake()

    async def events(self, topic: Topic, after: EventPosition | None) -> AsyncGenerator[Event, None]:
        """Yield the events of a topic that come after a position, or from now on.

        Raises:
            Unavailable: the database was not reached at the start; later on it is waited for.
            BadInput: no event has had this position yet.
            TooManyListeners: there is no room for another one.
            Stopped: the server stops.
        """
        newest = await latest_position(self._database)
        position = newest if after is None else after
        if position > newest:
            raise BadInput("There is no such event here. Leave `after` out, and read what you show anew.")
        with self._listening(topic, newest) as listener:
            listener.has_missed = position < self._place
            while True:
                for event in await self._next(listener, topic, position):
                    yield event
                    position = event.position

    async def _next(self, listener: "_Listener", topic: Topic, position: EventPosition) -> list[Event]:
        if self.stopped:
            raise ServerStopping
        if not listener.has_missed:
            return [event for event in await listener.told() if event.position > position]
        database = self._database.for_organization(topic.organization_id)
        listener.join()  # before reading: what is settled after that, it is told
        page = await self.reads.bounded(lambda: events_after(database, position, topic))
        listener.has_missed |= len(page) == EVENTS_PAGE_SIZE
        return page

    @contextmanager
    def _listening(self, topic: Topic, newest: EventPosition) -> Iterator["_Listener"]:
        if self.subscribers >= MAX_SUBSCRIBERS:
            raise TooManySubscribers
        listener = _Listener()
        self.subscribers += 1
        self._by_topic.setdefault(topic, set()).add(listener)
        if self._poller is None:
            self._place = newest
            self._poller = asyncio.create_task(self._poll())
        try:
            yield listener
        finally:
            self.subscribers -= 1
            self._leave(topic, listener)

    def _leave(self, topic: Topic, listener: "_Listener") -> None:
        self._by_topic[topic].discard(listener)
        if not self._by_topic[topic]:
            del self._by_topic[topic]
        if not self._by_topic and self._poller is not None:
            self._poller.cancel()
            self._poller = None

    async def _poll(self) -> None:
        fails = False
        while not self.stopped:
            self._stirred.clear()
            fails = not await self._has_looked(warns=not fails)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL_SECONDS):
                    await self._stirred.wait()

    async def _has_looked(self, *, warns: bool) -> bool:
        try:
            await self._look()
        except Exception:  # noqa: BLE001 - whatever it is, everybody listens on and the next look may do
            if warns:
                _log.warning("events can't be read; trying on", exc_info=True)
            return False
        return True

    async def _look(self) -> None:
        page = None
        while page is None or len(page) == EVENTS_PAGE_SIZE:
            page = await events_after(self._database, self._place)
            for event in page:
                await self._tell(event)

    async def _tell(self, event: Event) -> None:
        self._place = event.position
        listeners = [each for topic in event.topics for each in self._by_topic.get(topic, ())]
        for start in range(0, len(listeners), AT_A_TIME):
            for listener in listeners[start : start + AT_A_TIME]:
                listener.tell(event)
            await asyncio.sleep(0)


class _Listener:
    def __init__(self) -> None:
        self.has_missed = False
        self._pending: list[Event] = []
        self._woken = asyncio.Event()

    def join(self) -> None:
        self.has_missed = False
        self._pending = []

    def tell(self, event: Event) -> None:
        if len(self._pending) < MAX_PENDING_EVENTS:
            self._pending.append(event)
        else:
            self.has_missed = True
        self.wake()

    def wake(self) -> None:
        self._woken.set()

    async def told(self) -> list[Event]:
        await self._woken.wait()
        self._woken.clear()
        pending, self._pending = self._pending, []
        return pending
