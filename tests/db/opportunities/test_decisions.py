"""The decisions about opportunities: pure functions, tested without a database."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from db.domain.enums import OpenReason, OpportunityState, QuoteCloseReason, QuoteState
from db.domain.errors import (
    ActiveQuotes,
    BlockingQuote,
    NotFound,
    OpportunitiesNotClosable,
    OpportunityAlreadyClosed,
    Refusal,
    RuleViolation,
    StaleVersion,
)
from db.domain.ids import new_id
from db.opportunities.close import (
    CloseOpportunity,
    CloseRemainingQuotes,
    ClosingContext,
    ClosingDecision,
    decide_closing,
)
from db.opportunities.close_many import CloseOpportunities, decide_closings
from db.opportunities.create import CreateOpportunity, decide_new_opportunity
from db.opportunities.references import OpportunityReferences
from db.opportunities.reopen import ReopenOpportunity, decide_reopening
from db.opportunities.status_reason_rules import StatusReasonRow
from db.opportunities.update import UpdateOpportunity, UpdateOpportunityContext, decide_opportunity_update
from tests.builders import A_MONTH_AGO, NOW
from tests.db.decision_rows import CALLER, locked_opportunity, opportunity_row, quote_row

WON, LOST = OpportunityState.WON, OpportunityState.LOST
FUTURE = date(2026, 11, 24)
REFERENCES = OpportunityReferences(has_account=True, has_owner=True, unit_currency="NOK", reason_id=new_id())


def status_reason(outcome: str = WON, **columns: Any) -> StatusReasonRow:
    row = StatusReasonRow(new_id(), outcome, "Signed", False, False, None)
    return row._replace(**columns)


def close(context: ClosingContext, outcome: OpportunityState = WON, **command: Any) -> ClosingDecision:
    opportunity_id = context.opportunity.id if context.opportunity else new_id()
    return decide_closing(
        context, CloseOpportunity(opportunity_id=opportunity_id, outcome=outcome, **command), CALLER
    )


def closing_context(**parts: Any) -> ClosingContext:
    usual = {"opportunity": locked_opportunity(), "status_reason": status_reason()}
    return ClosingContext(**{**usual, **parts})


def problems_of(refusal: Refusal) -> list[str]:
    return [problem.code for problem in refusal.problems]


def test_a_win_takes_the_total_of_the_won_quote() -> None:
    quotes = (quote_row("DRAFT"), quote_row("WON", total=Decimal("123.45")))
    assert close(closing_context(quotes=quotes)).actual_revenue == Decimal("123.45")


def test_a_win_without_a_won_quote_takes_the_estimated_revenue() -> None:
    assert close(closing_context(quotes=(quote_row("DRAFT"),))).actual_revenue == Decimal("5000.00")


def test_a_loss_has_no_revenue() -> None:
    context = closing_context(quotes=(quote_row("WON"),), status_reason=status_reason(LOST))
    assert close(context, LOST).actual_revenue is None


def test_a_closing_is_decided_as_it_was_sent() -> None:
    context = closing_context()
    decision = close(
        context, actual_revenue=Decimal("12.5"), closed_on=date(2026, 11, 2), description=" Signed. "
    )
    assert decision == ClosingDecision(
        opportunity=context.opportunity,  # type: ignore[arg-type]
        outcome=WON,
        status_reason_id=context.status_reason.id,  # type: ignore[union-attr]
        closed_on=date(2026, 11, 2),
        actual_revenue=Decimal("12.50"),
        competitor_id=None,
        description="Signed.",
        quotes=(),
    )


def test_problems_of_the_descriptions_are_collected_and_the_first_is_raised() -> None:
    with pytest.raises(RuleViolation) as refusal:
        close(
            ClosingContext(),
            description=2_001 * "x",
            close_quotes=CloseRemainingQuotes(reason=QuoteCloseReason.LOST, description="\0"),
        )
    assert problems_of(refusal.value) == ["DESCRIPTION_WITH_NUL", "DESCRIPTION_TOO_LONG"]
    assert refusal.value.path == ("input", "closeQuotes", "description")
    assert [problem.path for problem in refusal.value.problems] == [
        ("input", "closeQuotes", "description"),
        ("input", "description"),
    ]


def test_all_problems_of_the_details_are_collected_in_order() -> None:
    reason = status_reason(description_required=True)
    with pytest.raises(RuleViolation) as refusal:
        close(
            closing_context(status_reason=reason),
            competitor_id=new_id(),
            closed_on=FUTURE,
            actual_revenue=Decimal(-1),
        )
    assert problems_of(refusal.value) == [
        "DESCRIPTION_REQUIRED",
        "COMPETITOR_OF_A_WIN",
        "CLOSED_ON_IN_FUTURE",
        "ACTUAL_REVENUE_OUT_OF_RANGE",
    ]
    assert refusal.value.code == "DESCRIPTION_REQUIRED"


def test_a_missing_opportunity_is_refused_before_the_details() -> None:
    with pytest.raises(NotFound) as refusal:
        close(ClosingContext(), closed_on=FUTURE)
    assert refusal.value.path == ("input", "opportunityId")


@pytest.mark.parametrize("state", [WON, LOST])
def test_a_closed_opportunity_is_refused_before_its_version_and_the_details(state: str) -> None:
    with pytest.raises(OpportunityAlreadyClosed):
        close(
            closing_context(opportunity=locked_opportunity(state=state)), expected_version=9, closed_on=FUTURE
        )


def test_a_stale_version_is_refused_before_the_details() -> None:
    with pytest.raises(StaleVersion):
        close(closing_context(), expected_version=9, closed_on=FUTURE)


def test_a_competitor_must_exist() -> None:
    context = closing_context(status_reason=status_reason(LOST))
    with pytest.raises(NotFound) as refusal:
        close(context, LOST, competitor_id=new_id())
    assert refusal.value.path == ("input", "outcome", "lost", "competitorId")


def test_active_quotes_block_a_closing() -> None:
    expired = quote_row(number="QUO-1", effective_to=date(2026, 11, 22))
    valid = quote_row(number="QUO-2", effective_to=NOW.date())
    context = closing_context(quotes=(expired, quote_row("DRAFT"), valid, quote_row("WON")))
    with pytest.raises(ActiveQuotes) as refusal:
        close(context)
    assert refusal.value.quotes == (
        BlockingQuote(expired.id, "QUO-1", 0, is_expired=True),
        BlockingQuote(valid.id, "QUO-2", 0, is_expired=False),
    )


def test_remaining_quotes_are_closed_but_not_before_they_were_created() -> None:
    old, new = quote_row("ACTIVE"), quote_row("DRAFT", created_at=NOW)
    decision = close(
        closing_context(quotes=(old, quote_row("WON"), new)),
        closed_on=date(2026, 11, 2),
        close_quotes=CloseRemainingQuotes(reason=QuoteCloseReason.CANCELED, description="Chosen."),
    )
    assert [(each.quote, each.closed_on) for each in decision.quotes] == [
        (old, date(2026, 11, 2)),
        (new, NOW.date()),
    ]
    assert {(each.state, each.status_reason, each.description) for each in decision.quotes} == {
        (QuoteState.CLOSED, "CANCELED", "Chosen.")
    }


def close_many(*contexts: ClosingContext, close_others: bool = False, **command: Any) -> Any:
    ids = tuple(context.opportunity.id if context.opportunity else new_id() for context in contexts)
    sent = CloseOpportunities(opportunity_ids=ids, outcome=WON, close_others=close_others, **command)
    return decide_closings(contexts, sent, CALLER)


def test_closing_several_opportunities_reports_the_failure_of_each() -> None:
    good, missing = closing_context(), ClosingContext()
    blocked = closing_context(quotes=(quote_row(),))
    decision = close_many(good, missing, blocked, close_others=True)
    assert [each.opportunity for each in decision.closings] == [good.opportunity]
    assert [(each.opportunity_id, each.code, each.path[2]) for each in decision.failures] == [
        (None, "NOT_FOUND", "1"),
        (blocked.opportunity.id, "ACTIVE_QUOTES", "2"),  # type: ignore[union-attr]
    ]
    with pytest.raises(OpportunitiesNotClosable) as refusal:
        close_many(good, missing, blocked)
    assert len(refusal.value.failures) == 2


def test_a_problem_of_the_shared_details_refuses_all_opportunities() -> None:
    with pytest.raises(RuleViolation) as refusal:
        close_many(closing_context(), close_others=True, closed_on=FUTURE)
    assert refusal.value.code == "CLOSED_ON_IN_FUTURE"


def create(references: OpportunityReferences, **command: Any) -> Any:
    usual = {
        "name": "Cranes",
        "account_id": new_id(),
        "contracting_unit_id": new_id(),
        "estimated_revenue": Decimal(5),
    }
    return decide_new_opportunity(references, CreateOpportunity(**{**usual, **command}), CALLER)


def test_a_new_opportunity_belongs_to_the_caller_and_has_the_currency_of_the_unit() -> None:
    values = create(REFERENCES, name=" Cranes ")
    assert (values["name"], values["owner_id"]) == ("Cranes", CALLER.user_id)
    assert (values["currency_code"], values["status_reason_id"]) == ("NOK", REFERENCES.reason_id)
    assert str(values["estimated_revenue"]) == "5.00"


def test_all_problems_of_a_new_opportunity_are_collected_in_order() -> None:
    nothing = OpportunityReferences(has_account=False, has_owner=False, unit_currency=None, reason_id=None)
    with pytest.raises(RuleViolation) as refusal:
        create(nothing, name="", currency_code="eur")
    assert [(problem.code, problem.path) for problem in refusal.value.problems] == [
        ("NAME_EMPTY", ("input", "name")),
        ("CURRENCY_CODE_INVALID", ("input", "currencyCode")),
        ("NOT_FOUND", ("input", "accountId")),
        ("NOT_FOUND", ("input", "ownerId")),
        ("NOT_FOUND", ("input", "contractingUnitId")),
    ]


def test_an_update_replaces_the_sent_fields_alone() -> None:
    opportunity = opportunity_row(description="Old")
    command = UpdateOpportunity(
        opportunity_id=opportunity.id, changes={"name": "Cables", "status_reason": OpenReason.ON_HOLD}
    )
    decision = decide_opportunity_update(UpdateOpportunityContext(opportunity, REFERENCES), command)
    assert decision.opportunity == opportunity
    assert decision.values == {
        "name": "Cables",
        "description": "Old",
        "account_id": opportunity.account_id,
        "owner_id": opportunity.owner_id,
        "status_reason_id": REFERENCES.reason_id,
        "estimated_revenue": Decimal("5000.00"),
        "estimated_close_date": None,
    }


def test_an_update_of_a_missing_opportunity_reports_its_fields_first() -> None:
    command = UpdateOpportunity(opportunity_id=new_id(), changes={"name": ""})
    with pytest.raises(RuleViolation, match="The name is empty"):
        decide_opportunity_update(None, command)
    with pytest.raises(NotFound):
        decide_opportunity_update(None, UpdateOpportunity(opportunity_id=new_id()))


def test_only_a_closed_opportunity_is_reopened() -> None:
    closed = opportunity_row(state="WON", closed_on=A_MONTH_AGO.date(), close_id=new_id(), version=4)
    command = ReopenOpportunity(opportunity_id=closed.id, expected_version=4)
    decision = decide_reopening(closed, reason_id := new_id(), command)
    assert (decision.opportunity, decision.close_id) == (closed, closed.close_id)
    assert decision.status_reason_id == reason_id
    with pytest.raises(StaleVersion):
        decide_reopening(closed._replace(version=5), reason_id, command)
    with pytest.raises(RuleViolation) as refusal:
        decide_reopening(opportunity_row(version=5), reason_id, command)
    assert refusal.value.code == "OPPORTUNITY_OPEN"
    with pytest.raises(NotFound):
        decide_reopening(None, reason_id, command)
