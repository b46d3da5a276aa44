"""The event feed delivers each event to each subscriber once and in order, whatever happens meanwhile."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from typing_extensions import override

from db.audit.events import START, Event, events_after, latest_position
from db.connect import open_database
from db.domain.errors import Unavailable
from db.sql.database import Database
from db.sql.statements import Statement
from schema.execution.executor import Executor, Request
from schema.subscriptions import event_feed
from schema.subscriptions.event_feed import MAX_PENDING_EVENTS, POLL_INTERVAL_SECONDS, ServerStopping
from tests.builders import OrganizationBuilder
from tests.schema.support.client import Recorder, cached_schema
from tests.schema.support.listener import (
    CLOSE,
    TIMEOUT_SECONDS,
    stream,
    subscribed,
    wait_until,
    write_events,
)

ONE = "subscription($id: ID!) { opportunityChanged(id: $id) { eventId opportunity { id } } }"
FIRST_POSITION = str(START)
WRITES = 40
"""Events that each writer writes."""


async def test_a_subscriber_that_reconnects_during_writes_receives_every_event_once(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    opportunity_ids = [await builder.opportunity() for _ in range(3)]
    writers = asyncio.gather(*(write_for_a_while(executor, builder, each) for each in opportunity_ids))
    received = [FIRST_POSITION]
    while missing := WRITES * len(opportunity_ids) + 1 - len(received):
        async with subscribed(executor, builder, last=received[-1]) as listener:
            events = await listener.wait_for_events(min(random.randint(1, 5), missing))
        received += [event["eventId"] for event in events]
    await writers

    assert received[1:] == [str(event.position) for event in await all_events(builder.database)]


async def test_a_slow_subscriber_receives_every_event_once_and_in_order(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    opportunity_ids = [await builder.opportunity() for _ in range(7)]
    responses = stream(executor, builder)
    first = asyncio.ensure_future(anext(responses))
    await wait_until(lambda: executor.feed.subscribers == 1)
    many = [opportunity_ids[number % 7] for number in range(MAX_PENDING_EVENTS * 3)]
    for start in range(0, len(many), 64):
        await write_events(executor, builder, *many[start : start + 64])
    async with asyncio.timeout(TIMEOUT_SECONDS):
        event_ids = [(await first).event_id] + [(await anext(responses)).event_id for _ in many[1:]]
    await responses.aclose()

    assert event_ids == [str(event.position) for event in await all_events(builder.database)]


async def test_events_read_while_catching_up_are_not_delivered_again(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    first, second, third = [await builder.opportunity() for _ in range(3)]
    async with subscribed(executor, builder) as present:
        await write_events(executor, builder, first)
        await present.wait_for_events(1)
        await write_events(
            Executor(cached_schema(), builder.database), builder, second
        )  # the poller of the first executor is not notified
        async with subscribed(executor, builder, after=FIRST_POSITION) as late:
            await present.wait_for_events(2)
            await write_events(executor, builder, third)

            assert await late.wait_for_opportunity_ids(3) == [first, second, third]


async def test_a_hundred_subscribers_receive_each_event_of_a_burst_once(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    first, second = await builder.opportunity(), await builder.opportunity()
    burst = [first, second] * 10
    async with AsyncExitStack() as stack:
        of_all = [await stack.enter_async_context(subscribed(executor, builder)) for _ in range(50)]
        of_first = [
            await stack.enter_async_context(subscribed(executor, builder, ONE, id=f"opp_{first}"))
            for _ in range(50)
        ]
        await asyncio.gather(*(write_events(executor, builder, each) for each in burst))
        received_by_all = [await each.wait_for_opportunity_ids(len(burst)) for each in of_all]
        received_by_first = [await each.wait_for_opportunity_ids(len(burst) // 2) for each in of_first]

    in_order = [event.opportunity_id for event in await all_events(builder.database)]
    assert sorted(in_order) == sorted(burst)
    assert received_by_all == [in_order] * 50
    assert received_by_first == [[first] * 10] * 50


async def test_an_event_of_this_process_is_delivered_at_once(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "POLL_INTERVAL_SECONDS", TIMEOUT_SECONDS * 2)
    builder = await OrganizationBuilder.create(sqlite)
    executor = Executor(cached_schema(), sqlite)
    opportunity_id = await builder.opportunity()
    async with subscribed(executor, builder) as listener:
        await executor.execute(Request(CLOSE, {"id": f"opp_{opportunity_id}"}), builder.caller)

        assert await listener.wait_for_opportunity_ids(1) == [opportunity_id]


async def test_events_of_another_process_are_delivered(
    executor: Executor, builder: OrganizationBuilder, database_url: str
) -> None:
    opportunity_id = await builder.opportunity()
    other = await open_database(database_url)
    elsewhere = OrganizationBuilder(other)
    elsewhere.organization_id = builder.organization_id
    try:
        async with subscribed(executor, builder) as listener:
            await write_events(Executor(cached_schema(), other), elsewhere, opportunity_id)
            assert await listener.wait_for_opportunity_ids(1) == [opportunity_id]
    finally:
        await other.close()


async def test_subscribers_with_equal_selections_share_one_read(builder: OrganizationBuilder) -> None:
    recorder = Recorder(builder.database)
    executor = Executor(cached_schema(), recorder)
    opportunity_id = await builder.opportunity()
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(subscribed(executor, builder)) for _ in range(20)]
        recorder.statements.clear()
        await write_events(executor, builder, opportunity_id)
        for listener in listeners:
            assert await listener.wait_for_opportunity_ids(1) == [opportunity_id]

    assert len([values for _, values in recorder.statements if "position" in values]) == 1


async def test_one_poller_serves_all_subscribers_and_stops_without_them(
    builder: OrganizationBuilder,
) -> None:
    recorder = Recorder(builder.database)
    executor = Executor(cached_schema(), recorder)
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(subscribed(executor, builder))
        recorder.statements.clear()
        await asyncio.sleep(POLL_INTERVAL_SECONDS * 3)
        assert 1 <= len(recorder.statements) < 10
    recorder.statements.clear()
    await asyncio.sleep(POLL_INTERVAL_SECONDS * 2)

    assert recorder.statements == []
    assert executor.feed.subscribers == 0


async def test_the_poller_starts_at_the_latest_event(builder: OrganizationBuilder) -> None:
    recorder = Recorder(builder.database)
    executor = Executor(cached_schema(), recorder)
    await write_events(executor, builder, await builder.opportunity())
    latest = await latest_position(builder.database)
    async with subscribed(executor, builder):
        await wait_until(lambda: len(recorder.statements) > 1)

    assert recorder.statements[1][1] == {
        "after_transaction": latest.transaction_id,
        "after_position": latest.position,
    }


async def test_subscribers_wait_for_an_unavailable_database_and_miss_nothing(
    builder: OrganizationBuilder,
) -> None:
    database = UnavailableDatabase(builder.database)
    executor = Executor(cached_schema(), database)
    first, second = await builder.opportunity(), await builder.opportunity()
    async with subscribed(executor, builder) as listener:
        database.unavailable = True
        await write_events(executor, builder, first)
        await asyncio.sleep(POLL_INTERVAL_SECONDS * 2)
        database.unavailable = False
        await write_events(executor, builder, second)

        assert await listener.wait_for_opportunity_ids(2) == [first, second]


async def test_a_subscription_to_an_unavailable_database_fails_at_once(builder: OrganizationBuilder) -> None:
    executor = Executor(cached_schema(), UnavailableDatabase(builder.database, unavailable=True))
    async with subscribed(executor, builder) as listener:
        assert executor.feed.subscribers == 0

    [response] = listener.responses
    assert response == {
        "errors": [{"message": "Unavailable.", "extensions": {"code": "UNAVAILABLE", "retryAfter": 1}}]
    }


async def test_an_unexpected_error_ends_the_subscription_and_is_masked(builder: OrganizationBuilder) -> None:
    executor = Executor(cached_schema(), Broken(builder.database))
    opportunity_id = await builder.opportunity()
    async with subscribed(executor, builder) as listener:
        await write_events(executor, builder, opportunity_id)
        await wait_until(lambda: executor.feed.subscribers == 0)

    message = "Something went wrong on our side. Tell us the request id."
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": "r1"}
    assert listener.responses == [{"errors": [{"message": message, "extensions": extensions}]}]


async def test_subscribers_beyond_the_maximum_are_refused(
    executor: Executor, builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "MAX_SUBSCRIBERS", 1)
    async with subscribed(executor, builder), subscribed(executor, builder) as refused:
        assert executor.feed.subscribers == 1

    message = "Too many subscriptions are open. Close some, or try again later."
    assert refused.responses == [{"errors": [{"message": message, "extensions": {"code": "THROTTLED"}}]}]


async def test_stopping_the_server_ends_all_subscriptions(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    responses = stream(executor, builder)
    waiting = asyncio.ensure_future(anext(responses))
    await wait_until(lambda: executor.feed.subscribers == 1)

    executor.feed.stop()

    async with asyncio.timeout(TIMEOUT_SECONDS):
        with pytest.raises(ServerStopping):
            await waiting
        with pytest.raises(ServerStopping):
            await anext(stream(executor, builder))
    assert executor.feed.subscribers == 0


@dataclass
class UnavailableDatabase(Recorder):
    """A database that is unavailable while ``unavailable`` is set."""

    unavailable: bool = False

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        self._check()
        return await super().json(statement, values)

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        self._check()
        return await super().rows(statement, **values)

    def _check(self) -> None:
        if self.unavailable:
            raise Unavailable("Unavailable.")


class Broken(Recorder):
    """A database that finds events and fails to read their fields."""

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        raise ZeroDivisionError("a secret")


async def write_for_a_while(executor: Executor, builder: OrganizationBuilder, opportunity_id: UUID) -> None:
    for _ in range(WRITES):
        await write_events(executor, builder, opportunity_id)
        await asyncio.sleep(random.choice((0, 0, 0.01)))


async def all_events(database: Database) -> list[Event]:
    events = list[Event]()
    while page := await events_after(database, events[-1].position if events else START):
        events += page
    return events
