import asyncio
from collections.abc import Mapping
from typing import Any
from unittest.mock import ANY

import orjson
import pytest

from db.audit.events import START, events_after
from db.sql.statements import Statement
from schema.execution.executor import Executor, Request
from schema.limits.settings import OperationLimits
from schema.subscriptions import single_flight
from tests.builders import OrganizationBuilder
from tests.schema.support.client import Recorder, cached_schema
from tests.schema.support.listener import ALL, CLOSE, stream, subscribed, wait_until, write_events

ONE = "subscription($id: ID!) { opportunityChanged(id: $id) { eventId opportunity { id } } }"
FILTERED = (
    "subscription($filter: OpportunityFilter, $after: String)"
    " { opportunitiesChanged(filter: $filter, after: $after) { opportunity { id } } }"
)

FIRST_POSITION = str(START)


async def test_an_event_is_delivered_with_the_selected_fields(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    id_ = f"opp_{await builder.opportunity()}"
    subscription = """
        subscription Changes($id: ID!) { change: opportunityChanged(id: $id) { ...Event __typename } }
        fragment Event on OpportunityEvent { kind at opportunity { state account { name } } }
    """
    async with subscribed(executor, builder, subscription, id=id_) as listener:
        await executor.execute(Request(CLOSE, {"id": id_}), builder.caller)
        await listener.wait_for_events(1)

    assert listener.responses == [
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


async def test_a_refused_mutation_causes_no_event(executor: Executor, builder: OrganizationBuilder) -> None:
    blocked, other = await builder.opportunity(), await builder.opportunity()
    await builder.quote(blocked, state="ACTIVE")
    async with subscribed(executor, builder) as listener:
        for id_ in (blocked, other):
            await executor.execute(Request(CLOSE, {"id": f"opp_{id_}"}), builder.caller)

        assert await listener.wait_for_opportunity_ids(1) == [other]


async def test_a_subscription_to_one_opportunity_receives_only_its_events(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    first, second = await builder.opportunity(), await builder.opportunity()
    async with (
        subscribed(executor, builder, ONE, id=f"opp_{first}") as of_first,
        subscribed(executor, builder) as of_all,
    ):
        await write_events(executor, builder, second, first, second, first)

        assert await of_first.wait_for_opportunity_ids(2) == [first, first]
        assert await of_all.wait_for_opportunity_ids(4) == [second, first, second, first]


async def test_a_subscription_receives_no_events_of_another_organization(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    others = await OrganizationBuilder.create(builder.database)
    ours, theirs = await builder.opportunity(), await others.opportunity()
    await write_events(executor, others, theirs)
    async with (
        subscribed(executor, builder, after=FIRST_POSITION) as of_all,
        subscribed(executor, builder, ONE, id=f"opp_{theirs}", last=FIRST_POSITION) as of_theirs,
        subscribed(executor, others) as at_theirs,
    ):
        await write_events(executor, others, theirs)
        await at_theirs.wait_for_events(1)
        await write_events(executor, builder, ours)

        assert await of_all.wait_for_opportunity_ids(1) == [ours]
        assert await of_theirs.wait_for_events(0) == []


async def test_only_opportunities_that_meet_the_filter_at_delivery_are_delivered(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    closed, open_ = await builder.opportunity(state="WON"), await builder.opportunity()
    filter_ = {"or": [{"state": {"in": ["OPEN"]}}, {"name": {"containsIgnoreCase": "nowhere"}}]}
    async with subscribed(executor, builder, FILTERED, filter=filter_) as listener:
        await write_events(executor, builder, closed, open_, closed)
        await listener.wait_for_events(1)
        await executor.execute(Request(CLOSE, {"id": f"opp_{open_}"}), builder.caller)
        still_open = await builder.opportunity()
        await write_events(executor, builder, still_open)

        assert await listener.wait_for_opportunity_ids(2) == [open_, still_open]


async def test_without_after_only_new_events_are_delivered(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    before, after = await builder.opportunity(), await builder.opportunity()
    await write_events(executor, builder, before)
    async with subscribed(executor, builder) as listener:
        await write_events(executor, builder, after)

        assert await listener.wait_for_opportunity_ids(1) == [after]


async def test_missed_events_are_delivered_first(executor: Executor, builder: OrganizationBuilder) -> None:
    known, missed, live = [await builder.opportunity() for _ in range(3)]
    async with subscribed(executor, builder) as listener:
        await write_events(executor, builder, known)
        [event] = await listener.wait_for_events(1)
    await write_events(executor, builder, missed)
    async with subscribed(executor, builder, after=event["eventId"]) as listener:
        await write_events(executor, builder, live)

        assert await listener.wait_for_opportunity_ids(2) == [missed, live]


async def test_the_transports_last_event_id_replaces_the_argument(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    first, second = await builder.opportunity(), await builder.opportunity()
    await write_events(executor, builder, first, second)
    events = await events_after(builder.database, START)
    async with subscribed(executor, builder, after=FIRST_POSITION, last=str(events[0].position)) as listener:
        assert await listener.wait_for_opportunity_ids(1) == [second]


async def test_a_subscription_after_the_latest_event_id_misses_nothing(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    shown, missed = await builder.opportunity(), await builder.opportunity()
    assert await latest(executor, builder) == FIRST_POSITION
    await write_events(executor, builder, shown)
    after = await latest(executor, builder)
    await write_events(executor, builder, missed)
    async with subscribed(executor, builder, after=after) as listener:
        assert await listener.wait_for_opportunity_ids(1) == [missed]


async def test_whether_other_organizations_write_is_not_told(
    executor: Executor, builder: OrganizationBuilder
) -> None:
    others = await OrganizationBuilder.create(builder.database)
    await write_events(executor, builder, await builder.opportunity())
    await write_events(executor, others, await others.opportunity())
    theirs = str((await events_after(builder.database, START))[1].position)

    [response] = [each async for each in stream(executor, builder, after=theirs)]

    [error] = orjson.loads(response.body)["errors"]
    assert error["message"] == "There is no such event here. Leave `after` out, and read what you show anew."


class SlowDatabase(Recorder):
    """A database whose planned reads take a second."""

    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        self.statements.append((statement, values))
        await asyncio.sleep(1)
        return None


async def test_a_read_that_takes_too_long_ends_the_subscription(
    builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_flight, "READ_TIMEOUT_SECONDS", 0.05)
    database = SlowDatabase(builder.database)
    executor = Executor(cached_schema(), database)
    async with subscribed(executor, builder) as listener:
        await write_events(executor, builder, await builder.opportunity())
        await wait_until(lambda: bool(listener.responses))

    [error] = listener.responses[0]["errors"]
    assert error["extensions"]["code"] == "TIMEOUT"
    assert len([each for each, values in database.statements if "position" in values]) == 1


async def test_the_reads_of_events_are_charged(builder: OrganizationBuilder) -> None:
    limits = OperationLimits(database_bucket=1e-9, database_restores_per_second=1e-6)
    executor = Executor(cached_schema(), builder.database, limits=limits)
    async with subscribed(executor, builder) as listener:
        opportunity = await builder.opportunity()
        await write_events(executor, builder, opportunity, opportunity)
        await wait_until(lambda: len(listener.responses) == 2)

    assert "data" in listener.responses[0]
    [error] = listener.responses[1]["errors"]
    assert error["extensions"]["code"] == "THROTTLED"


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        (ALL, {"after": "x"}, "This is no event id. Send eventId as it was returned."),
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
            FILTERED,
            {"filter": {"estimatedRevenue": {"gt": "0.001"}}},
            "This is no amount: compare with at most 1000000000000.00 and two decimal places.",
        ),
    ],
)
async def test_an_invalid_subscription_is_refused_at_once(
    executor: Executor, builder: OrganizationBuilder, query: str, variables: dict[str, Any], message: str
) -> None:
    async with subscribed(executor, builder, query, **variables) as listener:
        assert executor.feed.subscribers == 0

    [response] = listener.responses
    [error] = response["errors"]
    assert (response.keys(), error.pop("locations")) == ({"errors"}, ANY)
    assert error == {
        "message": message,
        "path": ["opportunityChanged" if query is ONE else "opportunitiesChanged"],
        "extensions": {"code": "BAD_USER_INPUT"},
    }


async def test_a_query_has_one_response(executor: Executor, builder: OrganizationBuilder) -> None:
    async with subscribed(executor, builder, "{ viewer { user { name } } }") as listener:
        assert await listener.wait_for_events(1) == [{"user": {"name": "Ada Quill"}}]


async def latest(executor: Executor, builder: OrganizationBuilder) -> Any:
    response = await executor.execute(Request("{ latestEventId }"), builder.caller)
    return orjson.loads(response.body)["data"]["latestEventId"]
