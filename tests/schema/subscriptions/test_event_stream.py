from typing import Any

import orjson
import pytest

from db.audit.events import BEFORE_ALL, events_after
from db.sql.database import Database
from schema.execution.executor import Executor, Request
from tests.builders import Deals
from tests.schema.support.client import the_schema
from tests.schema.support.listener import ALL, CLOSE, happen, listening

ONE = "subscription($id: ID!) { opportunityChanged(id: $id) { eventId opportunity { id } } }"
NARROWED = (
    "subscription($filter: OpportunityFilter, $after: String)"
    " { opportunitiesChanged(filter: $filter, after: $after) { opportunity { id } } }"
)

START = str(BEFORE_ALL)


@pytest.fixture
async def deals(database: Database) -> Deals:
    return await Deals.create(database)


@pytest.fixture
def executor(database: Database) -> Executor:
    return Executor(the_schema(), database)


async def test_a_change_is_told_with_whatever_is_asked_of_it(executor: Executor, deals: Deals) -> None:
    id_ = f"opp_{await deals.opportunity()}"
    subscription = """
        subscription Changes($id: ID!) { change: opportunityChanged(id: $id) { ...Told __typename } }
        fragment Told on OpportunityEvent { kind at opportunity { state account { name } } }
    """
    async with listening(executor, deals, subscription, id=id_) as listener:
        await executor.answer(Request(CLOSE, {"id": id_}), deals.caller)
        await listener.hears(1)

    assert listener.answers == [
        {
            "data": {
                "change": {
                    "kind": "OPPORTUNITY_CLOSED",
                    "at": "2026-11-23T12:00:00.000000Z",
                    "opportunity": {"state": "WON", "account": {"name": "Grey Harbour"}},
                    "__typename": "OpportunityEvent",
                }
            }
        }
    ]


async def test_a_refused_mutation_tells_nothing(executor: Executor, deals: Deals) -> None:
    blocked, other = await deals.opportunity(), await deals.opportunity()
    await deals.quote(blocked, state="ACTIVE")
    async with listening(executor, deals) as listener:
        for id_ in (blocked, other):
            await executor.answer(Request(CLOSE, {"id": f"opp_{id_}"}), deals.caller)

        assert await listener.hears_of(1) == [other]


async def test_one_opportunity_is_listened_to_alone(executor: Executor, deals: Deals) -> None:
    first, second = await deals.opportunity(), await deals.opportunity()
    async with (
        listening(executor, deals, ONE, id=f"opp_{first}") as of_first,
        listening(executor, deals) as of_all,
    ):
        await happen(executor, deals, second, first, second, first)

        assert await of_first.hears_of(2) == [first, first]
        assert await of_all.hears_of(4) == [second, first, second, first]


async def test_nobody_hears_of_another_organization(executor: Executor, deals: Deals) -> None:
    others = await Deals.create(deals.database)
    ours, theirs = await deals.opportunity(), await others.opportunity()
    await happen(executor, others, theirs)
    async with (
        listening(executor, deals, after=START) as of_all,
        listening(executor, deals, ONE, id=f"opp_{theirs}", last=START) as of_theirs,
        listening(executor, others) as at_theirs,
    ):
        await happen(executor, others, theirs)
        await at_theirs.hears(1)
        await happen(executor, deals, ours)

        assert await of_all.hears_of(1) == [ours]
        assert await of_theirs.hears(0) == []


async def test_only_opportunities_that_meet_the_filter_when_they_are_told_are_told(
    executor: Executor, deals: Deals
) -> None:
    closed, open_ = await deals.opportunity(state="WON"), await deals.opportunity()
    filter_ = {"or": [{"state": {"in": ["OPEN"]}}, {"name": {"containsIgnoreCase": "nowhere"}}]}
    async with listening(executor, deals, NARROWED, filter=filter_) as listener:
        await happen(executor, deals, closed, open_, closed)
        await listener.hears(1)
        await executor.answer(Request(CLOSE, {"id": f"opp_{open_}"}), deals.caller)
        still_open = await deals.opportunity()
        await happen(executor, deals, still_open)

        assert await listener.hears_of(2) == [open_, still_open]


async def test_without_an_event_to_go_on_from_only_what_comes_is_told(
    executor: Executor, deals: Deals
) -> None:
    before, after = await deals.opportunity(), await deals.opportunity()
    await happen(executor, deals, before)
    async with listening(executor, deals) as listener:
        await happen(executor, deals, after)

        assert await listener.hears_of(1) == [after]


async def test_what_was_missed_is_told_first(executor: Executor, deals: Deals) -> None:
    known, missed, live = [await deals.opportunity() for _ in range(3)]
    async with listening(executor, deals) as listener:
        await happen(executor, deals, known)
        [event] = await listener.hears(1)
    await happen(executor, deals, missed)
    async with listening(executor, deals, after=event["eventId"]) as listener:
        await happen(executor, deals, live)

        assert await listener.hears_of(2) == [missed, live]


async def test_the_transports_last_event_goes_before_the_argument(executor: Executor, deals: Deals) -> None:
    first, second = await deals.opportunity(), await deals.opportunity()
    await happen(executor, deals, first, second)
    events = await events_after(deals.database, BEFORE_ALL)
    async with listening(executor, deals, after=START, last=str(events[0].place)) as listener:
        assert await listener.hears_of(1) == [second]


async def test_after_an_answer_nothing_is_missed_that_it_does_not_show(
    executor: Executor, deals: Deals
) -> None:
    shown, missed = await deals.opportunity(), await deals.opportunity()
    assert await latest(executor, deals) == START
    await happen(executor, deals, shown)
    after = await latest(executor, deals)
    await happen(executor, deals, missed)
    async with listening(executor, deals, after=after) as listener:
        assert await listener.hears_of(1) == [missed]


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        (ALL, {"after": "x"}, "This is no event id. Send eventId as it was told."),
        (
            ALL,
            {"after": "9999999-1"},
            "There is no such event here. Leave `after` out, and read what you show anew.",
        ),
        (
            ONE,
            {"id": "harbour"},
            "This is no id. Send an id as it was answered, such as opp_0190c2f4-….",
        ),
        (
            NARROWED,
            {"filter": {"estimatedRevenue": {"gt": "0.001"}}},
            "This is no amount: compare with at most 1000000000000.00 and two decimal places.",
        ),
    ],
)
async def test_what_can_not_be_listened_to_is_told_at_once(
    executor: Executor, deals: Deals, query: str, variables: dict[str, Any], message: str
) -> None:
    async with listening(executor, deals, query, **variables) as listener:
        assert executor.feed.listeners == 0

    assert listener.answers == [{"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}]


async def test_a_query_has_one_answer(executor: Executor, deals: Deals) -> None:
    async with listening(executor, deals, "{ viewer { user { name } } }") as listener:
        assert await listener.hears(1) == [{"user": {"name": "Ada Quill"}}]


async def latest(executor: Executor, deals: Deals) -> Any:
    answer = await executor.answer(Request("{ latestEventId }"), deals.caller)
    return orjson.loads(answer.body)["data"]["latestEventId"]
