from datetime import date
from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import OpenReason, OpportunityState, QuoteState, SeededReason
from db.domain.errors import NotFound, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.opportunities.reopen import ReopenedOpportunity, ReopenOpportunity, reopen_opportunity
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import close, expect_refusal, only_row, run_operation


async def reopen(builder: OrganizationBuilder, opportunity_id: UUID, **sent: Any) -> ReopenedOpportunity:
    return await run_operation(
        builder, reopen_opportunity, ReopenOpportunity(opportunity_id=opportunity_id, **sent)
    )


@pytest.mark.parametrize("state", [OpportunityState.WON, OpportunityState.LOST])
async def test_reopening_clears_the_outcome_and_cancels_the_activity(
    builder: OrganizationBuilder, state: OpportunityState
) -> None:
    opportunity_id = await builder.opportunity(state=state, version=7)
    opportunity = await only_row(builder, "opportunity")
    activity = await only_row(builder, "opportunity_close")

    assert await reopen(builder, opportunity_id) == ReopenedOpportunity(opportunity_id, activity.id)

    assert await only_row(builder, "opportunity") == opportunity._replace(
        state="OPEN",
        status_reason_id=builder.reasons[SeededReason.IN_PROGRESS],
        actual_revenue=None,
        closed_on=None,
        close_id=None,
        version=8,
        updated_at=NOW,
        open_key=opportunity_id,
    )
    assert await only_row(builder, "opportunity_close") == activity._replace(state="CANCELED")


async def test_an_opportunity_can_be_reopened_on_hold(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.LOST)
    await reopen(builder, opportunity_id, status_reason=OpenReason.ON_HOLD)
    row = await only_row(builder, "opportunity")
    assert row.status_reason_id == builder.reasons[SeededReason.ON_HOLD]


async def test_reopening_is_audited_with_the_cleared_values(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    reopened = await reopen(builder, opportunity_id)
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id, audit.opportunity_id) == (
        "OPPORTUNITY_REOPENED",
        opportunity_id,
        opportunity_id,
    )
    assert orjson.loads(audit.details) == {
        "state": ["WON", "OPEN"],
        "statusReasonId": [
            str(builder.reasons[SeededReason.WON]),
            str(builder.reasons[SeededReason.IN_PROGRESS]),
        ],
        "actualRevenue": ["5000.00", None],
        "closedOn": ["2026-11-23", None],
        "closeId": [str(reopened.opportunity_close_id), None],
    }
    event = await only_row(builder, "event")
    assert event[2:] == (builder.organization_id, opportunity_id, "OPPORTUNITY_REOPENED", NOW)


async def test_quotes_do_not_change(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    for state in (QuoteState.DRAFT, QuoteState.WON, QuoteState.CLOSED):
        await builder.quote(opportunity_id, state=state)
    before = await builder.dump()
    await reopen(builder, opportunity_id)
    after = await builder.dump()
    assert (after["quote"], after["quote_close"]) == (before["quote"], before["quote_close"])


async def test_a_reopened_opportunity_can_be_closed_again(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    first = (await reopen(builder, opportunity_id)).opportunity_close_id
    second = await close(builder, opportunity_id, OpportunityState.LOST, closed_on=date(2026, 11, 1))
    activities = {row.id: (row.state, row.outcome) for row in (await builder.dump())["opportunity_close"]}
    assert activities == {
        first: ("CANCELED", "WON"),
        second.opportunity_close_id: ("COMPLETED", "LOST"),
    }
    assert (await only_row(builder, "opportunity")).close_id == second.opportunity_close_id


async def test_reopening_again_with_the_same_key_returns_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    first = await reopen(builder, opportunity_id, idempotency_key="monday")
    before = await builder.dump()
    assert await reopen(builder, opportunity_id, idempotency_key="monday") == first
    assert await builder.dump() == before


async def test_an_open_opportunity_is_not_reopened(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    refusal = await expect_refusal(
        builder, RuleViolation, reopen(builder, opportunity_id, expected_version=9)
    )
    assert (refusal.code, refusal.path) == ("OPPORTUNITY_OPEN", ("input", "opportunityId"))
    assert refusal.message == "The opportunity is open already. There is nothing to reopen."


async def test_an_opportunity_at_another_version_is_not_reopened(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON, version=4)
    refusal = await expect_refusal(builder, StaleVersion, reopen(builder, opportunity_id, expected_version=3))
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("opportunity", opportunity_id, 4)


async def test_a_missing_opportunity_is_not_found(builder: OrganizationBuilder) -> None:
    refusal = await expect_refusal(builder, NotFound, reopen(builder, new_id()))
    assert refusal.path == ("input", "opportunityId")


async def test_an_opportunity_of_another_organization_is_not_found(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    theirs = await other.opportunity(state=OpportunityState.WON)
    refusal = await expect_refusal(builder, NotFound, reopen(builder, theirs))
    assert refusal.message == "There is no opportunity with this id. Check the id."
