import orjson
import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import NotFound, RuleViolation
from db.domain.ids import new_id
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import activate, expect_refusal, only_row


async def test_a_draft_with_a_line_becomes_active(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    quote_id = await builder.quote(opportunity_id, version=4)

    activated = await activate(builder, quote_id)

    assert activated.quote_id == quote_id
    quote = await only_row(builder, "quote")
    assert (quote.state, quote.status_reason) == ("ACTIVE", "ACTIVE_IN_PROGRESS")
    assert (quote.version, quote.updated_at) == (5, NOW)
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id, audit.user_id) == ("QUOTE_ACTIVATED", quote_id, builder.user_id)
    assert audit.opportunity_id == opportunity_id
    assert orjson.loads(audit.details) == {
        "state": ["DRAFT", "ACTIVE"],
        "statusReason": ["DRAFT_IN_PROGRESS", "ACTIVE_IN_PROGRESS"],
    }
    event = await only_row(builder, "event")
    assert event[-4:] == (builder.organization_id, opportunity_id, "QUOTE_ACTIVATED", NOW)


async def test_a_missing_quote_is_not_found(builder: OrganizationBuilder) -> None:
    refusal = await expect_refusal(builder, NotFound, activate(builder, new_id()))
    assert refusal.path == ("input", "quoteId")


async def test_a_quote_of_another_organization_is_not_found(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    hidden = await other.quote(await other.opportunity())
    refusal = await expect_refusal(builder, NotFound, activate(builder, hidden))
    assert refusal.message == "There is no quote with this id. Check the id."


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (QuoteState.ACTIVE, "It stays as it is."),
        (QuoteState.WON, "It stays as it is."),
        (QuoteState.CLOSED, "Revise it, or go on with its live revision."),
    ],
)
async def test_only_a_draft_is_activated(
    builder: OrganizationBuilder, state: QuoteState, advice: str
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=state, number="QUO-7")
    refusal = await expect_refusal(builder, RuleViolation, activate(builder, quote_id))
    assert (refusal.code, refusal.path) == ("QUOTE_NOT_DRAFT", ("input", "quoteId"))
    assert refusal.message == (f"QUO-7 rev 0 is {state.lower()}; only a draft can be activated. {advice}")


@pytest.mark.parametrize("state", [OpportunityState.WON, OpportunityState.LOST])
async def test_a_draft_of_a_closed_opportunity_is_not_activated(
    builder: OrganizationBuilder, state: OpportunityState
) -> None:
    quote_id = await builder.quote(await builder.opportunity(state=state), number="QUO-7", revision=1)
    refusal = await expect_refusal(builder, RuleViolation, activate(builder, quote_id))
    assert (refusal.code, refusal.path) == ("OPPORTUNITY_CLOSED", ("input", "quoteId"))
    assert refusal.message == (
        f"The opportunity of QUO-7 rev 1 is closed as {state.lower()}. Reopen it first."
    )


async def test_a_draft_without_lines_is_not_activated(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    quote_id = await builder.quote(opportunity_id, lines=(), number="QUO-7")
    await builder.quote(opportunity_id)
    refusal = await expect_refusal(builder, RuleViolation, activate(builder, quote_id))
    assert (refusal.code, refusal.path) == ("QUOTE_WITHOUT_LINES", ("input", "quoteId"))
    assert refusal.message == "QUO-7 rev 0 has no lines. Add one before you activate it."
