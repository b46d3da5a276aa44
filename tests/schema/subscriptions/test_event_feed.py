"""How the listeners of one process hear of events: once, in order, whatever happens meanwhile."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from typing_extensions import override

from db.audit.events import BEFORE_ALL, Event, events_after, newest_place
from db.connect import open_database
from db.domain.errors import Unavailable
from db.sql.database import Database
from db.sql.statements import Statement
from schema.execution.executor import Executor, Request
from schema.subscriptions import event_feed as of_the_feed
from schema.subscriptions.event_feed import MOST_PENDING, PAUSE, Stopped
from tests.builders import Deals
from tests.schema.support.client import Recorder, the_schema
from tests.schema.support.listener import CLOSE, PATIENCE, answers, happen, listening, until

ONE = "subscription($id: ID!) { opportunityChanged(id: $id) { eventId opportunity { id } } }"
START = str(BEFORE_ALL)
WRITES = 40
"""Of each writer."""


@pytest.fixture
async def deals(database: Database) -> Deals:
    return await Deals.create(database)


@pytest.fixture
def executor(database: Database) -> Executor:
    return Executor(the_schema(), database)


async def test_cut_again_and_again_while_others_write_a_listener_hears_everything_once(
    executor: Executor, deals: Deals
) -> None:
    opportunity_ids = [await deals.opportunity() for _ in range(3)]
    writers = asyncio.gather(*(write_for_a_while(executor, deals, each) for each in opportunity_ids))
    heard = [START]
    while missing := WRITES * len(opportunity_ids) + 1 - len(heard):
        async with listening(executor, deals, last=heard[-1]) as listener:
            events = await listener.hears(min(random.randint(1, 5), missing))
        heard += [event["eventId"] for event in events]
    await writers

    assert heard[1:] == [str(event.place) for event in await all_events(deals.database)]


async def test_who_is_slower_than_the_changes_hears_of_each_once_and_in_order(
    executor: Executor, deals: Deals
) -> None:
    opportunity_ids = [await deals.opportunity() for _ in range(7)]
    coming = answers(executor, deals)
    first = asyncio.ensure_future(anext(coming))
    await until(lambda: executor.feed.listeners == 1)
    many = [opportunity_ids[number % 7] for number in range(MOST_PENDING * 3)]
    for start in range(0, len(many), 64):
        await happen(executor, deals, *many[start : start + 64])
    async with asyncio.timeout(PATIENCE):
        told = [(await first).event_id] + [(await anext(coming)).event_id for _ in many[1:]]
    await coming.aclose()

    assert told == [str(event.place) for event in await all_events(deals.database)]


async def test_what_was_read_while_catching_up_is_not_told_again(executor: Executor, deals: Deals) -> None:
    first, second, third = [await deals.opportunity() for _ in range(3)]
    async with listening(executor, deals) as present:
        await happen(executor, deals, first)
        await present.hears(1)
        await happen(Executor(the_schema(), deals.database), deals, second)  # the poller does not know yet
        async with listening(executor, deals, after=START) as late:
            await present.hears(2)
            await happen(executor, deals, third)

            assert await late.hears_of(3) == [first, second, third]


async def test_a_hundred_listeners_hear_each_of_a_burst_of_changes_once(
    executor: Executor, deals: Deals
) -> None:
    first, second = await deals.opportunity(), await deals.opportunity()
    burst = [first, second] * 10
    async with AsyncExitStack() as stack:
        of_all = [await stack.enter_async_context(listening(executor, deals)) for _ in range(50)]
        of_first = [
            await stack.enter_async_context(listening(executor, deals, ONE, id=f"opp_{first}"))
            for _ in range(50)
        ]
        await asyncio.gather(*(happen(executor, deals, each) for each in burst))
        told_of_all = [await each.hears_of(len(burst)) for each in of_all]
        told_of_first = [await each.hears_of(len(burst) // 2) for each in of_first]

    in_order = [event.opportunity_id for event in await all_events(deals.database)]
    assert sorted(in_order) == sorted(burst)
    assert told_of_all == [in_order] * 50
    assert told_of_first == [[first] * 10] * 50


async def test_a_mutation_of_this_process_is_heard_of_at_once(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_the_feed, "PAUSE", PATIENCE * 2)
    deals = await Deals.create(sqlite)
    executor = Executor(the_schema(), sqlite)
    opportunity_id = await deals.opportunity()
    async with listening(executor, deals) as listener:
        await executor.answer(Request(CLOSE, {"id": f"opp_{opportunity_id}"}), deals.caller)

        assert await listener.hears_of(1) == [opportunity_id]


async def test_another_process_is_heard_of_too(executor: Executor, deals: Deals, database_url: str) -> None:
    opportunity_id = await deals.opportunity()
    other = await open_database(database_url)
    elsewhere = Deals(other)
    elsewhere.organization_id = deals.organization_id
    try:
        async with listening(executor, deals) as listener:
            await happen(Executor(the_schema(), other), elsewhere, opportunity_id)
            assert await listener.hears_of(1) == [opportunity_id]
    finally:
        await other.close()


async def test_listeners_who_ask_the_same_are_read_for_once(deals: Deals) -> None:
    recorder = Recorder(deals.database)
    executor = Executor(the_schema(), recorder)
    opportunity_id = await deals.opportunity()
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(listening(executor, deals)) for _ in range(20)]
        recorder.statements.clear()
        await happen(executor, deals, opportunity_id)
        for listener in listeners:
            assert await listener.hears_of(1) == [opportunity_id]

    assert len([values for _, values in recorder.statements if "position" in values]) == 1


async def test_one_poller_looks_for_everybody_and_rests_when_nobody_listens(deals: Deals) -> None:
    recorder = Recorder(deals.database)
    executor = Executor(the_schema(), recorder)
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(listening(executor, deals))
        recorder.statements.clear()
        await asyncio.sleep(PAUSE * 3)
        assert 1 <= len(recorder.statements) < 10
    recorder.statements.clear()
    await asyncio.sleep(PAUSE * 2)

    assert recorder.statements == []
    assert executor.feed.listeners == 0


async def test_the_poller_begins_with_what_comes(deals: Deals) -> None:
    recorder = Recorder(deals.database)
    executor = Executor(the_schema(), recorder)
    await happen(executor, deals, await deals.opportunity())
    newest = await newest_place(deals.database)
    async with listening(executor, deals):
        await until(lambda: len(recorder.statements) > 1)

    assert recorder.statements[1][1] == {
        "after_transaction": newest.transaction,
        "after_position": newest.position,
    }


async def test_while_the_database_is_away_listeners_wait_and_then_hear_what_happened(deals: Deals) -> None:
    database = Unsteady(deals.database)
    executor = Executor(the_schema(), database)
    first, second = await deals.opportunity(), await deals.opportunity()
    async with listening(executor, deals) as listener:
        database.is_away = True
        await happen(executor, deals, first)
        await asyncio.sleep(PAUSE * 2)
        database.is_away = False
        await happen(executor, deals, second)

        assert await listener.hears_of(2) == [first, second]


async def test_nobody_can_begin_to_listen_while_the_database_is_away(deals: Deals) -> None:
    executor = Executor(the_schema(), Unsteady(deals.database, is_away=True))
    async with listening(executor, deals) as listener:
        assert executor.feed.listeners == 0

    [answer] = listener.answers
    assert answer == {
        "errors": [{"message": "Away.", "extensions": {"code": "UNAVAILABLE", "retryAfter": 1}}]
    }


async def test_what_nobody_expected_ends_listening_and_is_masked(deals: Deals) -> None:
    executor = Executor(the_schema(), Broken(deals.database))
    opportunity_id = await deals.opportunity()
    async with listening(executor, deals) as listener:
        await happen(executor, deals, opportunity_id)
        await until(lambda: executor.feed.listeners == 0)

    message = "Something went wrong on our side. Tell us the request id."
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": "r1"}
    assert listener.answers == [{"errors": [{"message": message, "extensions": extensions}]}]


async def test_more_listeners_than_a_process_takes_are_refused(
    executor: Executor, deals: Deals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_the_feed, "MOST_LISTENERS", 1)
    async with listening(executor, deals), listening(executor, deals) as refused:
        assert executor.feed.listeners == 1

    message = "Too many subscriptions are open. Close some, or try again later."
    assert refused.answers == [{"errors": [{"message": message, "extensions": {"code": "THROTTLED"}}]}]


async def test_when_the_server_stops_everybody_stops_listening(executor: Executor, deals: Deals) -> None:
    coming = answers(executor, deals)
    waiting = asyncio.ensure_future(anext(coming))
    await until(lambda: executor.feed.listeners == 1)

    executor.feed.stop()

    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Stopped):
            await waiting
        with pytest.raises(Stopped):
            await anext(answers(executor, deals))
    assert executor.feed.listeners == 0


@dataclass
class Unsteady(Recorder):
    """A database that is away for a while."""

    is_away: bool = False

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        self._check()
        return await super().json(statement, values)

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        self._check()
        return await super().rows(statement, **values)

    def _check(self) -> None:
        if self.is_away:
            raise Unavailable("Away.")


class Broken(Recorder):
    """A database that finds events, and fails to read what is to be told of them."""

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        raise ZeroDivisionError("a secret")


async def write_for_a_while(executor: Executor, deals: Deals, opportunity_id: UUID) -> None:
    for _ in range(WRITES):
        await happen(executor, deals, opportunity_id)
        await asyncio.sleep(random.choice((0, 0, 0.01)))


async def all_events(database: Database) -> list[Event]:
    events = list[Event]()
    while page := await events_after(database, events[-1].place if events else BEFORE_ALL):
        events += page
    return events
