"""Close an opportunity and its remaining quotes in one operation."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState
from db.domain.errors import (
    InvalidStatusReason,
    OpportunityAlreadyClosed,
    Refusal,
    RuleViolation,
    StaleVersion,
)
from db.domain.ids import new_id
from db.opportunities.close import CloseRemainingQuotes
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import close, expect_refusal, only_row

LOST = CloseRemainingQuotes(reason=QuoteCloseReason.LOST)


async def test_active_and_draft_quotes_are_closed_with_the_opportunity(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE, number="QUO-2", version=3)
    draft = await builder.quote(opportunity_id, state=QuoteState.DRAFT, number="QUO-1", version=5)

    closed = await close(
        builder,
        opportunity_id,
        OpportunityState.LOST,
        close_quotes=CloseRemainingQuotes(reason=QuoteCloseReason.CANCELED, description=" Withdrawn. "),
        closed_on=date(2026, 11, 20),
    )

    assert closed.closed_quote_ids == (draft, active)
    assert (await only_row(builder, "opportunity")).state == "LOST"
    tables = await builder.dump()
    assert [
        (quote.id, quote.state, quote.status_reason, quote.version, quote.updated_at)
        for quote in tables["quote"]
    ] == [(active, "CLOSED", "CANCELED", 4, NOW), (draft, "CLOSED", "CANCELED", 6, NOW)]
    assert [activity[2:] for activity in tables["quote_close"]] == [
        (draft, "CANCELED", date(2026, 11, 20), "Withdrawn.", builder.user_id, NOW),
        (active, "CANCELED", date(2026, 11, 20), "Withdrawn.", builder.user_id, NOW),
    ]


async def test_won_and_closed_quotes_do_not_change(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.WON, lines=[{"unit_price": Decimal("12.34")}])
    await builder.quote(opportunity_id, state=QuoteState.CLOSED)
    before = await builder.dump()

    closed = await close(builder, opportunity_id, close_quotes=LOST)

    assert closed.closed_quote_ids == ()
    after = await builder.dump()
    assert (after["quote"], after["quote_close"]) == (before["quote"], before["quote_close"])
    assert (await only_row(builder, "opportunity")).actual_revenue == Decimal("12.34")


@pytest.mark.parametrize("state", [QuoteState.ACTIVE, QuoteState.DRAFT])
async def test_the_total_of_a_quote_that_is_closed_too_is_not_the_revenue(
    builder: OrganizationBuilder, state: QuoteState
) -> None:
    opportunity_id = await builder.opportunity(estimated_revenue=Decimal("5000.00"))
    await builder.quote(opportunity_id, state=state, lines=[{"unit_price": Decimal("777.00")}])

    await close(builder, opportunity_id, OpportunityState.WON, close_quotes=LOST)

    assert (await only_row(builder, "opportunity")).actual_revenue == Decimal("5000.00")
    assert (await only_row(builder, "opportunity_close")).actual_revenue == Decimal("5000.00")


async def test_the_total_of_the_won_quote_is_the_revenue_if_other_quotes_are_closed_too(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(estimated_revenue=Decimal("5000.00"))
    for number, state, price in (
        ("QUO-1", QuoteState.ACTIVE, "777.00"),
        ("QUO-2", QuoteState.WON, "12.34"),
        ("QUO-3", QuoteState.ACTIVE, "888.00"),
    ):
        await builder.quote(
            opportunity_id, number=number, state=state, lines=[{"unit_price": Decimal(price)}]
        )

    await close(builder, opportunity_id, OpportunityState.WON, close_quotes=LOST)

    assert (await only_row(builder, "opportunity")).actual_revenue == Decimal("12.34")


async def test_quotes_of_other_opportunities_do_not_change(builder: OrganizationBuilder) -> None:
    await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    closed = await close(builder, await builder.opportunity(), close_quotes=LOST)
    assert closed.closed_quote_ids == ()
    assert (await only_row(builder, "quote")).state == "ACTIVE"


async def test_a_quote_is_not_closed_before_the_date_of_its_creation(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(
        opportunity_id, state=QuoteState.ACTIVE, created_at=datetime(2026, 11, 22, 8, tzinfo=UTC)
    )
    await close(builder, opportunity_id, close_quotes=LOST, closed_on=date(2026, 11, 20))
    assert (await only_row(builder, "opportunity")).closed_on == date(2026, 11, 20)
    assert (await only_row(builder, "quote_close")).closed_on == date(2026, 11, 22)


async def test_each_change_has_an_audit_row_and_the_opportunity_one_event(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    quote_id = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)

    await close(builder, opportunity_id, close_quotes=LOST)

    tables = await builder.dump()
    assert [(row.action, row.subject_id) for row in tables["audit"]] == [
        ("QUOTE_CLOSED", quote_id),
        ("OPPORTUNITY_CLOSED", opportunity_id),
    ]
    assert orjson.loads(tables["audit"][0].details) == {
        "state": ["ACTIVE", "CLOSED"],
        "statusReason": ["ACTIVE_IN_PROGRESS", "LOST"],
        "closedOn": [None, "2026-11-23"],
    }
    assert [(row.opportunity_id, row.kind) for row in tables["event"]] == [
        (opportunity_id, "OPPORTUNITY_CLOSED")
    ]


@pytest.mark.parametrize(
    ("state", "version", "sent", "kind"),
    [
        (OpportunityState.OPEN, 1, {"status_reason_id": new_id()}, InvalidStatusReason),
        (OpportunityState.OPEN, 1, {"closed_on": date(2026, 11, 24)}, RuleViolation),
        (OpportunityState.OPEN, 2, {"expected_version": 1}, StaleVersion),
        (OpportunityState.WON, 1, {}, OpportunityAlreadyClosed),
    ],
)
async def test_no_quote_is_closed_if_the_opportunity_cannot_be(
    builder: OrganizationBuilder,
    state: OpportunityState,
    version: int,
    sent: dict[str, Any],
    kind: type[Refusal],
) -> None:
    opportunity_id = await builder.opportunity(state=state, version=version)
    await builder.quote(opportunity_id, state=QuoteState.DRAFT)
    await expect_refusal(builder, kind, close(builder, opportunity_id, close_quotes=LOST, **sent))


async def test_the_description_of_the_quotes_has_a_maximum_length(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    remaining = CloseRemainingQuotes(reason=QuoteCloseReason.LOST, description=2_001 * "x")
    refusal = await expect_refusal(
        builder, RuleViolation, close(builder, opportunity_id, close_quotes=remaining)
    )
    assert refusal.code == "DESCRIPTION_TOO_LONG"
    assert refusal.path == ("input", "closeQuotes", "description")
