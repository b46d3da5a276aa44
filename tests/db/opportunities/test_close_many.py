from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState, SeededReason
from db.domain.errors import (
    InvalidStatusReason,
    NotFound,
    OpportunitiesNotClosable,
    OpportunityFailure,
    RuleViolation,
)
from db.domain.ids import new_id
from db.opportunities.close import CloseRemainingQuotes
from db.opportunities.close_many import (
    ClosedOpportunities,
    CloseOpportunities,
    close_opportunities,
)
from tests.builders import OrganizationBuilder
from tests.db.operations import expect_refusal, run_operation

LOST = OpportunityState.LOST
WON = OpportunityState.WON


async def close_many(
    builder: OrganizationBuilder, *opportunity_ids: UUID, outcome: OpportunityState = LOST, **sent: Any
) -> ClosedOpportunities:
    closing = CloseOpportunities(opportunity_ids=opportunity_ids, outcome=outcome, **sent)
    return await run_operation(builder, close_opportunities, closing)


async def hundred_with_thirty_blocked(builder: OrganizationBuilder) -> tuple[list[UUID], list[UUID]]:
    """Store opportunities; return the ids of all, in random order, and of those with an active quote."""
    ids = [await builder.opportunity() for _ in range(100)]
    blocked = [id_ for index, id_ in enumerate(ids) if index % 10 in {1, 4, 7}]
    for index, id_ in enumerate(blocked):
        await builder.quote(id_, state=QuoteState.ACTIVE, number=f"QUO-{index}")
    return ids, blocked


async def test_opportunities_are_closed_with_the_same_details(builder: OrganizationBuilder) -> None:
    ids = [await builder.opportunity() for _ in range(3)]
    outcome = await close_many(
        builder,
        *ids,
        competitor_id=builder.competitor_id,
        closed_on=date(2026, 11, 20),
        description=" Lost the tender. ",
    )
    assert [each.opportunity_id for each in outcome.closed] == ids
    assert outcome.failures == ()
    tables = await builder.dump()
    assert {
        (row.outcome, row.status_reason_id, row.competitor_id, row.closed_on, row.description)
        for row in tables["opportunity_close"]
    } == {
        (
            "LOST",
            builder.reasons[SeededReason.OUT_SOLD],
            builder.competitor_id,
            date(2026, 11, 20),
            "Lost the tender.",
        )
    }
    assert [(row.state, row.version) for row in tables["opportunity"]] == 3 * [("LOST", 2)]
    assert Counter(row.opportunity_id for row in tables["event"]) == Counter(ids)


async def test_each_opportunity_is_won_with_its_own_revenue(builder: OrganizationBuilder) -> None:
    plain, quoted = await builder.opportunity(), await builder.opportunity()
    await builder.quote(quoted, state=QuoteState.WON)
    await close_many(builder, plain, quoted, outcome=WON)
    revenues = {row.id: str(row.actual_revenue) for row in (await builder.dump())["opportunity"]}
    assert revenues == {plain: "5000.00", quoted: "1000.00"}


async def test_quotes_can_be_closed_with_their_opportunities(builder: OrganizationBuilder) -> None:
    ids = [await builder.opportunity() for _ in range(2)]
    quotes = [await builder.quote(each, state=QuoteState.ACTIVE) for each in ids]
    remaining = CloseRemainingQuotes(reason=QuoteCloseReason.CANCELED)
    outcome = await close_many(builder, *ids, close_quotes=remaining)
    assert [each.closed_quote_ids for each in outcome.closed] == [(quote,) for quote in quotes]
    assert {quote.status_reason for quote in (await builder.dump())["quote"]} == {"CANCELED"}


async def test_of_a_hundred_with_thirty_blocked_none_is_closed_and_each_failure_is_reported(
    builder: OrganizationBuilder,
) -> None:
    ids, blocked = await hundred_with_thirty_blocked(builder)
    refusal = await expect_refusal(builder, OpportunitiesNotClosable, close_many(builder, *ids))
    assert (refusal.code, refusal.path) == ("OPPORTUNITIES_NOT_CLOSABLE", ("input", "opportunityIds"))
    assert refusal.message == (
        "30 opportunities can't be closed, so none was. Leave them out, or send onFailure: CLOSE_OTHERS."
    )
    assert refusal.failures == tuple(
        OpportunityFailure(
            id_,
            "ACTIVE_QUOTES",
            f"1 active quote blocks closing: QUO-{index} rev 0. Close it first, or send closeQuotes.",
            ("input", "opportunityIds", str(ids.index(id_))),
        )
        for index, id_ in enumerate(blocked)
    )


async def test_of_a_hundred_with_thirty_blocked_the_others_are_closed_once_with_close_others(
    builder: OrganizationBuilder,
) -> None:
    ids, blocked = await hundred_with_thirty_blocked(builder)
    outcome = await close_many(builder, *ids, close_others=True, idempotency_key="monday")
    assert [each.opportunity_id for each in outcome.closed] == [id_ for id_ in ids if id_ not in blocked]
    assert [failure.opportunity_id for failure in outcome.failures] == blocked
    tables = await builder.dump()
    assert Counter(row.state for row in tables["opportunity"]) == {"LOST": 70, "OPEN": 30}
    assert len(tables["opportunity_close"]) == 70

    assert await close_many(builder, *ids, close_others=True, idempotency_key="monday") == outcome
    assert await builder.dump() == tables


async def test_each_kind_of_failure_is_reported_for_its_opportunity(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    missing, hidden = new_id(), await other.opportunity()
    closed = await builder.opportunity(state=WON)
    young = await builder.opportunity(created_at=datetime(2026, 11, 22, tzinfo=UTC))
    outcome = await close_many(
        builder, missing, hidden, closed, young, closed_on=date(2026, 11, 21), close_others=True
    )
    assert outcome.closed == ()
    assert [(each.opportunity_id, each.code, each.path[2]) for each in outcome.failures] == [
        (None, "NOT_FOUND", "0"),
        (None, "NOT_FOUND", "1"),
        (closed, "OPPORTUNITY_ALREADY_CLOSED", "2"),
        (young, "CLOSED_ON_BEFORE_CREATION", "3"),
    ]
    assert {each.path[:2] for each in outcome.failures} == {("input", "opportunityIds")}


async def test_an_opportunity_that_is_sent_twice_counts_once(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    outcome = await close_many(builder, *101 * (opportunity_id,))
    assert [each.opportunity_id for each in outcome.closed] == [opportunity_id]
    assert outcome.failures == ()


@pytest.mark.parametrize(("number", "code"), [(0, "NO_OPPORTUNITIES"), (101, "TOO_MANY_OPPORTUNITIES")])
async def test_1_to_100_opportunities_can_be_sent(
    builder: OrganizationBuilder, number: int, code: str
) -> None:
    refusal = await expect_refusal(
        builder, RuleViolation, close_many(builder, *(new_id() for _ in range(number)))
    )
    assert (refusal.code, refusal.path) == (code, ("input", "opportunityIds"))


async def test_a_problem_of_the_shared_details_refuses_the_whole_call(builder: OrganizationBuilder) -> None:
    ids = [await builder.opportunity(), await builder.opportunity()]
    for kind, sent, field in (
        (InvalidStatusReason, {"status_reason_id": builder.reasons[SeededReason.WON]}, "outcome"),
        (NotFound, {"competitor_id": new_id()}, "outcome"),
        (RuleViolation, {"closed_on": date(2026, 11, 24)}, "closedOn"),
        (RuleViolation, {"description": 2_001 * "x"}, "description"),
    ):
        refusal = await expect_refusal(builder, kind, close_many(builder, *ids, **sent, close_others=True))
        assert refusal.path is not None
        assert refusal.path[1] == field
