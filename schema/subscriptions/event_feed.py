"""The event feed: one poller per process reads new events and fans them out to the subscribers.

It polls only while there are subscribers.
"""

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
"""Seconds between two polls for events of other processes; ``notify`` polls at once."""

MAX_PENDING_EVENTS = 256
"""Events in a subscriber's queue. A subscriber that is slower reads the missed ones from the database."""

MAX_SUBSCRIBERS = 10_000

FAN_OUT_BATCH_SIZE = 32
"""Subscribers that get an event before other tasks run: each of them has a response to send."""


class TooManySubscribers(GraphQLError):
    """The process has its maximum of subscribers."""

    def __init__(self) -> None:
        message = "Too many subscriptions are open. Close some, or try again later."
        super().__init__(message, extensions={"code": "THROTTLED"})


class ServerStopping(Exception):
    """The server stops. A client can continue at another one after the last event that it received."""


class EventFeed:
    """Delivers each event to each subscriber of its topic once, in the same order.

    ``subscribers`` is their number, ``reads`` runs the queries for their responses, ``stopped`` tells whether
    the feed has ended.
    """

    def __init__(self, database: Database) -> None:
        self.reads = SingleFlight[bytes | None]()
        self.subscribers = 0
        self.stopped = False
        self._database = database
        self._by_topic: dict[Topic, set[_Subscriber]] = {}
        self._poller: asyncio.Task[None] | None = None
        self._position = START
        self._notified = asyncio.Event()

    def notify(self) -> None:
        """Poll at once, because this process committed something."""
        self._notified.set()

    def stop(self) -> None:
        """End all subscriptions, for good."""
        self.stopped = True
        self._notified.set()
        for subscribers in self._by_topic.values():
            for subscriber in subscribers:
                subscriber.wake()

    async def events(self, topic: Topic, after: EventPosition | None) -> AsyncGenerator[Event, None]:
        """Yield the events of a topic after a position, or without one from now on.

        Raises:
            Unavailable: the database can't be reached at the start; later the feed waits for it.
            BadInput: ``after`` is beyond the latest event of the organization.
            TooManySubscribers: this process has its maximum of subscribers.
            ServerStopping: the server stops.
        """
        latest = await latest_position(self._database)
        position = latest
        if after is not None:
            organization = self._database.for_organization(topic.organization_id)
            # Compared with the events of others, ``after`` would tell whether they change something.
            if after > await latest_position(organization, topic.organization_id):
                raise BadInput("There is no such event here. Leave `after` out, and read what you show anew.")
            position = after
        with self._subscribed(topic, latest) as subscriber:
            subscriber.overflowed = position < self._position
            while True:
                for event in await self._next(subscriber, topic, position):
                    yield event
                    position = event.position

    async def _next(self, subscriber: "_Subscriber", topic: Topic, position: EventPosition) -> list[Event]:
        if self.stopped:
            raise ServerStopping
        if not subscriber.overflowed:
            return [event for event in await subscriber.drain() if event.position > position]
        database = self._database.for_organization(topic.organization_id)
        subscriber.reset()  # before the read: what becomes visible after it is enqueued
        page = await self.reads.bounded(
            topic.organization_id, lambda: events_after(database, position, topic)
        )
        subscriber.overflowed |= len(page) == EVENTS_PAGE_SIZE
        return page

    @contextmanager
    def _subscribed(self, topic: Topic, latest: EventPosition) -> Iterator["_Subscriber"]:
        if self.subscribers >= MAX_SUBSCRIBERS:
            raise TooManySubscribers
        subscriber = _Subscriber()
        self.subscribers += 1
        self._by_topic.setdefault(topic, set()).add(subscriber)
        if self._poller is None:
            self._position = latest
            self._poller = asyncio.create_task(self._poll())
        try:
            yield subscriber
        finally:
            self.subscribers -= 1
            self._by_topic[topic].discard(subscriber)
            if not self._by_topic[topic]:
                del self._by_topic[topic]
            if not self._by_topic and self._poller is not None:
                self._poller.cancel()
                self._poller = None

    async def _poll(self) -> None:
        failing = False
        while not self.stopped:
            self._notified.clear()
            try:
                await self._publish_new_events()
                failing = False
            except Exception:  # noqa: BLE001 - whatever it is, the next poll may succeed
                if not failing:
                    _log.warning("Events can't be read; the feed keeps trying.", exc_info=True)
                failing = True
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL_SECONDS):
                    await self._notified.wait()

    async def _publish_new_events(self) -> None:
        page = None
        while page is None or len(page) == EVENTS_PAGE_SIZE:
            page = await events_after(self._database, self._position)
            for event in page:
                await self._publish(event)

    async def _publish(self, event: Event) -> None:
        self._position = event.position
        subscribers = [each for topic in event.topics for each in self._by_topic.get(topic, ())]
        for start in range(0, len(subscribers), FAN_OUT_BATCH_SIZE):
            for subscriber in subscribers[start : start + FAN_OUT_BATCH_SIZE]:
                subscriber.enqueue(event)
            await asyncio.sleep(0)


class _Subscriber:
    """A queue of events; once ``overflowed``, it misses some, which have to be read from the database."""

    def __init__(self) -> None:
        self.overflowed = False
        self._pending: list[Event] = []
        self._woken = asyncio.Event()

    def reset(self) -> None:
        self.overflowed = False
        self._pending = []

    def enqueue(self, event: Event) -> None:
        if len(self._pending) < MAX_PENDING_EVENTS:
            self._pending.append(event)
        else:
            self.overflowed = True
        self.wake()

    def wake(self) -> None:
        self._woken.set()

    async def drain(self) -> list[Event]:
        """Wait until woken, then return the queued events."""
        await self._woken.wait()
        self._woken.clear()
        pending, self._pending = self._pending, []
        return pending
