from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import update

from db import models
from db.domain.enums import OpportunityState, QuoteState, SeededReason
from db.domain.errors import (
    ActiveQuotes,
    BlockingQuote,
    InvalidStatusReason,
    NotFound,
    OpportunityAlreadyClosed,
    RuleViolation,
    StaleVersion,
)
from db.domain.ids import new_id
from db.sql.statements import Statement
from db.sql.tables import table_of
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder
from tests.db.operations import close, expect_refusal, only_row

WON, LOST = OpportunityState.WON, OpportunityState.LOST
TODAY = date(2026, 11, 23)
CREATION_DAY = date(2026, 10, 24)


async def new_reason(builder: OrganizationBuilder, state: OpportunityState, **columns: Any) -> UUID:
    reason = models.StatusReason(
        organization_id=builder.organization_id,
        id=new_id(),
        state=state,
        label="Framework contract",
        created_at=A_MONTH_AGO,
        **columns,
    )
    await builder.insert(reason)
    return reason.id


async def retire(builder: OrganizationBuilder, reason: SeededReason) -> None:
    table = table_of(models.StatusReason)
    retirement = update(table).where(table.c.id == builder.reasons[reason]).values(retired_at=NOW)
    async with builder.database.transaction() as transaction:
        await transaction.execute(Statement(retirement))


async def test_a_win_is_recorded_as_sent(builder: OrganizationBuilder) -> None:
    reason_id = await new_reason(builder, WON)
    opportunity_id = await builder.opportunity(version=7)

    closed = await close(
        builder,
        opportunity_id,
        WON,
        status_reason_id=reason_id,
        actual_revenue=Decimal("4321.09"),
        closed_on=date(2026, 11, 2),
        description="Signed on board.",
        expected_version=7,
    )

    opportunity = await only_row(builder, "opportunity")
    assert opportunity.state == "WON"
    assert opportunity.status_reason_id == reason_id
    assert opportunity.actual_revenue == Decimal("4321.09")
    assert opportunity.closed_on == date(2026, 11, 2)
    assert opportunity.version == 8
    assert opportunity.updated_at == NOW
    activity = await only_row(builder, "opportunity_close")
    assert activity == (
        builder.organization_id,
        opportunity.close_id,
        opportunity_id,
        "COMPLETED",
        "WON",
        reason_id,
        Decimal("4321.09"),
        "EUR",
        date(2026, 11, 2),
        None,
        "Signed on board.",
        builder.user_id,
        NOW,
    )
    assert closed.opportunity_id == opportunity_id
    assert closed.opportunity_close_id == activity.id
    assert closed.closed_quote_ids == ()


async def test_a_loss_is_recorded_as_sent(builder: OrganizationBuilder) -> None:
    reason_id = await new_reason(builder, LOST)
    await close(
        builder,
        await builder.opportunity(),
        LOST,
        status_reason_id=reason_id,
        actual_revenue=Decimal(12),
        competitor_id=builder.competitor_id,
        closed_on=date(2026, 11, 2),
        description="Their crane was cheaper.",
    )

    opportunity = await only_row(builder, "opportunity")
    assert (opportunity.state, opportunity.status_reason_id) == ("LOST", reason_id)
    assert (opportunity.actual_revenue, opportunity.closed_on) == (Decimal("12.00"), date(2026, 11, 2))
    activity = await only_row(builder, "opportunity_close")
    assert (activity.outcome, activity.status_reason_id) == ("LOST", reason_id)
    assert (activity.actual_revenue, activity.closed_on) == (Decimal("12.00"), date(2026, 11, 2))
    assert activity.competitor_id == builder.competitor_id
    assert activity.description == "Their crane was cheaper."


async def test_a_win_defaults_to_the_seeded_reason_today_and_the_estimated_revenue(
    builder: OrganizationBuilder,
) -> None:
    await close(builder, await builder.opportunity(estimated_revenue=Decimal("777.70")), WON)
    activity = await only_row(builder, "opportunity_close")
    assert activity.status_reason_id == builder.reasons[SeededReason.WON]
    assert activity.closed_on == TODAY
    assert activity.actual_revenue == Decimal("777.70")
    assert activity.description is None


async def test_the_revenue_of_a_win_defaults_to_the_total_of_the_won_quote(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.CLOSED)
    await builder.quote(opportunity_id, state=QuoteState.WON, lines=[{"unit_price": Decimal("123.45")}])
    await builder.quote(opportunity_id, state=QuoteState.DRAFT)
    await close(builder, opportunity_id, WON)
    assert (await only_row(builder, "opportunity")).actual_revenue == Decimal("123.45")


async def test_a_loss_defaults_to_canceled_today_and_no_revenue(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.WON)
    await close(builder, opportunity_id, LOST)
    activity = await only_row(builder, "opportunity_close")
    assert activity.status_reason_id == builder.reasons[SeededReason.CANCELED]
    assert activity.closed_on == TODAY
    assert activity.actual_revenue is None


async def test_a_loss_to_a_competitor_defaults_to_out_sold(builder: OrganizationBuilder) -> None:
    await close(builder, await builder.opportunity(), LOST, competitor_id=builder.competitor_id)
    activity = await only_row(builder, "opportunity_close")
    assert activity.status_reason_id == builder.reasons[SeededReason.OUT_SOLD]


@pytest.mark.parametrize("state", [QuoteState.DRAFT, QuoteState.WON, QuoteState.CLOSED])
async def test_a_quote_that_is_not_active_does_not_block_closing_and_does_not_change(
    builder: OrganizationBuilder, state: QuoteState
) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=state)
    quotes = (await builder.dump())["quote"]
    await close(builder, opportunity_id)
    assert (await only_row(builder, "opportunity")).state == "WON"
    assert (await builder.dump())["quote"] == quotes


async def test_active_quotes_of_another_opportunity_do_not_block_closing(
    builder: OrganizationBuilder,
) -> None:
    await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    closed = await close(builder, await builder.opportunity())
    assert (await only_row(builder, "opportunity_close")).id == closed.opportunity_close_id


async def test_active_quotes_block_closing_and_are_named_in_order(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    later = await builder.quote(opportunity_id, state=QuoteState.ACTIVE, number="QUO-1043")
    expired = await builder.quote(
        opportunity_id,
        state=QuoteState.ACTIVE,
        number="QUO-1042",
        revision=1,
        effective_to=date(2026, 11, 22),
    )
    first = await builder.quote(
        opportunity_id, state=QuoteState.ACTIVE, number="QUO-1042", effective_to=TODAY
    )
    await builder.quote(opportunity_id, state=QuoteState.DRAFT)

    refusal = await expect_refusal(builder, ActiveQuotes, close(builder, opportunity_id))

    assert refusal.opportunity_id == opportunity_id
    assert refusal.quotes == (
        BlockingQuote(first, "QUO-1042", 0, is_expired=False),
        BlockingQuote(expired, "QUO-1042", 1, is_expired=True),
        BlockingQuote(later, "QUO-1043", 0, is_expired=False),
    )
    assert refusal.path == ("input", "opportunityId")
    assert refusal.message == (
        "3 active quotes block closing: QUO-1042 rev 0, QUO-1042 rev 1 (expired), QUO-1043 rev 0."
        " Close them first, or send closeQuotes."
    )


@pytest.mark.parametrize("state", [WON, LOST])
async def test_a_closed_opportunity_cannot_be_closed_again(
    builder: OrganizationBuilder, state: OpportunityState
) -> None:
    opportunity_id = await builder.opportunity(state=state)
    refusal = await expect_refusal(
        builder, OpportunityAlreadyClosed, close(builder, opportunity_id, LOST, expected_version=9)
    )
    assert refusal.opportunity_id == opportunity_id
    assert refusal.message == (
        f"The opportunity is already closed as {state.lower()}: reopen it, change it, close it again."
    )


async def test_an_opportunity_at_another_version_is_not_closed(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(version=4)
    refusal = await expect_refusal(builder, StaleVersion, close(builder, opportunity_id, expected_version=3))
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("opportunity", opportunity_id, 4)
    assert refusal.path == ("input", "expectedVersion")


async def test_a_missing_opportunity_is_not_found(builder: OrganizationBuilder) -> None:
    refusal = await expect_refusal(builder, NotFound, close(builder, new_id()))
    assert refusal.path == ("input", "opportunityId")


async def test_an_opportunity_of_another_organization_is_not_found(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    missing = await expect_refusal(builder, NotFound, close(builder, new_id()))
    hidden = await expect_refusal(builder, NotFound, close(builder, await other.opportunity()))
    assert (hidden.message, hidden.path) == (missing.message, missing.path)


async def test_a_reason_must_exist(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    refusal = await expect_refusal(
        builder, InvalidStatusReason, close(builder, opportunity_id, status_reason_id=new_id())
    )
    assert refusal.outcome == "WON"
    assert refusal.path == ("input", "outcome", "won", "statusReasonId")
    assert refusal.message == (
        "There is no such status reason. Send one of the status reasons that are allowed for won."
    )


async def test_a_reason_of_another_organization_is_not_found(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    other = await OrganizationBuilder.create(builder.database)
    reason_id = other.reasons[SeededReason.WON]
    refusal = await expect_refusal(
        builder, InvalidStatusReason, close(builder, opportunity_id, status_reason_id=reason_id)
    )
    assert refusal.message.startswith("There is no such status reason.")


@pytest.mark.parametrize("reason", [SeededReason.WON, SeededReason.IN_PROGRESS])
async def test_a_reason_must_belong_to_the_outcome(
    builder: OrganizationBuilder, reason: SeededReason
) -> None:
    opportunity_id = await builder.opportunity()
    closing = close(builder, opportunity_id, LOST, status_reason_id=builder.reasons[reason])
    refusal = await expect_refusal(builder, InvalidStatusReason, closing)
    assert refusal.path == ("input", "outcome", "lost", "statusReasonId")


async def test_a_retired_reason_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    reason_id = await new_reason(builder, WON, retired_at=A_MONTH_AGO)
    refusal = await expect_refusal(
        builder, InvalidStatusReason, close(builder, opportunity_id, status_reason_id=reason_id)
    )
    assert refusal.message == (
        'The status reason "Framework contract" is retired.'
        " Send one of the status reasons that are allowed for won."
    )


async def test_a_retired_default_reason_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await retire(builder, SeededReason.CANCELED)
    refusal = await expect_refusal(builder, InvalidStatusReason, close(builder, opportunity_id, LOST))
    assert refusal.message == (
        'The status reason "Canceled" is retired. Send one of the status reasons that are allowed for lost.'
    )


@pytest.mark.parametrize("description", [None, "", " \n"])
async def test_a_reason_may_require_a_description(
    builder: OrganizationBuilder, description: str | None
) -> None:
    opportunity_id = await builder.opportunity()
    reason_id = await new_reason(builder, WON, description_required=True)
    refusal = await expect_refusal(
        builder,
        RuleViolation,
        close(builder, opportunity_id, status_reason_id=reason_id, description=description),
    )
    assert (refusal.code, refusal.path) == ("DESCRIPTION_REQUIRED", ("input", "description"))


async def test_a_reason_may_require_a_competitor(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    reason_id = await new_reason(builder, LOST, competitor_required=True)
    refusal = await expect_refusal(
        builder, RuleViolation, close(builder, opportunity_id, LOST, status_reason_id=reason_id)
    )
    assert refusal.code == "COMPETITOR_REQUIRED"
    assert refusal.path == ("input", "outcome", "lost", "competitorId")


async def test_a_closing_with_the_required_details_is_accepted(builder: OrganizationBuilder) -> None:
    reason_id = await new_reason(builder, LOST, description_required=True, competitor_required=True)
    await close(
        builder,
        await builder.opportunity(),
        LOST,
        status_reason_id=reason_id,
        competitor_id=builder.competitor_id,
        description="Cheaper.",
    )
    assert (await only_row(builder, "opportunity")).status_reason_id == reason_id


async def test_a_reason_of_a_win_requires_no_competitor(builder: OrganizationBuilder) -> None:
    reason_id = await new_reason(builder, WON, competitor_required=True)
    await close(builder, await builder.opportunity(), WON, status_reason_id=reason_id)
    assert (await only_row(builder, "opportunity")).status_reason_id == reason_id


async def test_a_win_has_no_competitor(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closing = close(builder, opportunity_id, WON, competitor_id=builder.competitor_id)
    refusal = await expect_refusal(builder, RuleViolation, closing)
    assert refusal.code == "COMPETITOR_OF_A_WIN"
    assert refusal.path == ("input", "outcome", "won", "competitorId")


async def test_a_competitor_must_exist(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    refusal = await expect_refusal(
        builder, NotFound, close(builder, opportunity_id, LOST, competitor_id=new_id())
    )
    assert refusal.path == ("input", "outcome", "lost", "competitorId")


async def test_a_competitor_of_another_organization_is_not_found(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    other = await OrganizationBuilder.create(builder.database)
    refusal = await expect_refusal(
        builder, NotFound, close(builder, opportunity_id, LOST, competitor_id=other.competitor_id)
    )
    assert refusal.path == ("input", "outcome", "lost", "competitorId")


@pytest.mark.parametrize("closed_on", [CREATION_DAY, TODAY])
async def test_the_closing_date_is_from_the_creation_date_to_today(
    builder: OrganizationBuilder, closed_on: date
) -> None:
    await close(builder, await builder.opportunity(), closed_on=closed_on)
    assert (await only_row(builder, "opportunity")).closed_on == closed_on


async def test_dates_are_dates_in_utc(builder: OrganizationBuilder) -> None:
    last_minute = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    opportunity_id = await builder.opportunity(created_at=last_minute)
    await close(builder, opportunity_id, closed_on=date(2026, 11, 22))
    assert (await only_row(builder, "opportunity")).closed_on == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("closed_on", "code", "message"),
    [
        (
            date(2026, 11, 24),
            "CLOSED_ON_IN_FUTURE",
            "2026-11-24 is in the future: today is 2026-11-23 (UTC). Send today or an earlier day.",
        ),
        (
            date(2026, 10, 23),
            "CLOSED_ON_BEFORE_CREATION",
            "The opportunity was created on 2026-10-24, after 2026-10-23. Send that day or a later one.",
        ),
    ],
)
async def test_other_closing_dates_are_refused(
    builder: OrganizationBuilder, closed_on: date, code: str, message: str
) -> None:
    opportunity_id = await builder.opportunity()
    refusal = await expect_refusal(
        builder, RuleViolation, close(builder, opportunity_id, closed_on=closed_on)
    )
    assert (refusal.code, refusal.message, refusal.path) == (code, message, ("input", "closedOn"))


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("0", "0.00"),
        ("-0.00", "0.00"),
        ("7.5000", "7.50"),
        ("0.01", "0.01"),
        ("1E+12", "1000000000000.00"),
        ("1000000000000.00", "1000000000000.00"),
    ],
)
async def test_revenue_is_stored_exactly(builder: OrganizationBuilder, sent: str, stored: str) -> None:
    await close(builder, await builder.opportunity(), actual_revenue=Decimal(sent))
    assert str((await only_row(builder, "opportunity")).actual_revenue) == stored
    assert orjson.loads((await only_row(builder, "audit")).details)["actualRevenue"] == [None, stored]


@pytest.mark.parametrize("sent", ["-0.01", "1000000000000.01", "NaN", "sNaN", "Infinity", "-Infinity"])
async def test_revenue_outside_of_zero_to_a_trillion_is_refused(
    builder: OrganizationBuilder, sent: str
) -> None:
    opportunity_id = await builder.opportunity()
    refusal = await expect_refusal(
        builder, RuleViolation, close(builder, opportunity_id, actual_revenue=Decimal(sent))
    )
    assert refusal.code == "ACTUAL_REVENUE_OUT_OF_RANGE"
    assert refusal.path == ("input", "outcome", "won", "actualRevenue")
    assert "from 0.00 to 1,000,000,000,000.00." in refusal.message


@pytest.mark.parametrize("sent", ["0.001", "999999999999.999", "1E-20"])
async def test_revenue_with_more_than_two_decimal_places_is_refused(
    builder: OrganizationBuilder, sent: str
) -> None:
    opportunity_id = await builder.opportunity()
    closing = close(builder, opportunity_id, LOST, actual_revenue=Decimal(sent))
    refusal = await expect_refusal(builder, RuleViolation, closing)
    assert refusal.code == "ACTUAL_REVENUE_TOO_PRECISE"
    assert refusal.path == ("input", "outcome", "lost", "actualRevenue")


async def test_a_description_is_stored_without_surrounding_white_space(builder: OrganizationBuilder) -> None:
    await close(builder, await builder.opportunity(), description="\t " + 2_000 * "ß" + "\n")
    assert (await only_row(builder, "opportunity_close")).description == 2_000 * "ß"


async def test_a_description_has_a_maximum_length(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    refusal = await expect_refusal(
        builder, RuleViolation, close(builder, opportunity_id, description=2_001 * "x")
    )
    assert (refusal.code, refusal.path) == ("DESCRIPTION_TOO_LONG", ("input", "description"))
    assert refusal.message == "The description has 2,001 characters; the limit is 2,000. Shorten it."


async def test_closing_writes_one_audit_row_and_one_event(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closed = await close(builder, opportunity_id, actual_revenue=Decimal("4321.5"))

    audit = await only_row(builder, "audit")
    assert (audit.organization_id, audit.user_id, audit.at) == (builder.organization_id, builder.user_id, NOW)
    assert (audit.action, audit.subject_id) == ("OPPORTUNITY_CLOSED", opportunity_id)
    assert audit.opportunity_id == opportunity_id
    assert orjson.loads(audit.details) == {
        "state": ["OPEN", "WON"],
        "statusReasonId": [
            str(builder.reasons[SeededReason.IN_PROGRESS]),
            str(builder.reasons[SeededReason.WON]),
        ],
        "actualRevenue": [None, "4321.50"],
        "closedOn": [None, "2026-11-23"],
        "closeId": [None, str(closed.opportunity_close_id)],
    }
    event = await only_row(builder, "event")
    assert event[-4:] == (builder.organization_id, opportunity_id, "OPPORTUNITY_CLOSED", NOW)
