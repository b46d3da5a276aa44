"""The decisions about quotes: pure functions, tested without a database."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from db.audit.log import AuditAction
from db.domain.enums import OpportunityState, QuoteState, QuoteStatusReason
from db.domain.errors import NotFound, QuotesNotClosable, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.lines.line import LineContent, LineUpdate
from db.quotes.activate import decide_activation
from db.quotes.close import Candidate, CloseQuotes, decide_quote_closings
from db.quotes.create import CreateQuote, CreateQuoteContext, SourceQuote, decide_new_quote
from db.quotes.delete import decide_deletion
from db.quotes.revise import Revision, RevisionContext, decide_revision
from db.quotes.transitions import QuoteRef, QuoteTransition
from db.quotes.update import UpdateQuote, decide_quote_update
from db.quotes.win import WinContext, WinQuote, decide_win
from tests.builders import NOW
from tests.db.decision_rows import (
    CALLER,
    line,
    locked_opportunity,
    locked_quote,
    opportunity_row,
    quote_row,
)

FUTURE = date(2026, 11, 24)


def test_a_draft_with_lines_is_activated() -> None:
    draft = quote_row("DRAFT")
    assert decide_activation(locked_quote(draft), QuoteRef(quote_id=draft.id)) == QuoteTransition(
        draft, AuditAction.QUOTE_ACTIVATED, QuoteState.ACTIVE, QuoteStatusReason.ACTIVE_IN_PROGRESS
    )


def test_a_draft_without_lines_is_not_activated() -> None:
    draft = quote_row("DRAFT")
    with pytest.raises(RuleViolation) as refusal:
        decide_activation(locked_quote(draft, has_lines=False), QuoteRef(quote_id=draft.id))
    assert refusal.value.code == "QUOTE_WITHOUT_LINES"


@pytest.mark.parametrize("state", ["ACTIVE", "WON", "CLOSED"])
def test_only_a_draft_is_activated_or_deleted(state: str) -> None:
    locked = locked_quote(quote_row(state))
    command = QuoteRef(quote_id=locked.quote.id, expected_version=9)
    for decide in (decide_activation, lambda locked, command: decide_deletion(locked, [], command)):
        with pytest.raises(RuleViolation) as refusal:
            decide(locked, command)
        assert refusal.value.code == "QUOTE_NOT_DRAFT"


def test_a_missing_quote_is_not_found() -> None:
    command = QuoteRef(quote_id=new_id())
    for decide in (
        lambda: decide_activation(None, command),
        lambda: decide_deletion(None, [], command),
        lambda: decide_revision(None, command, CALLER),
        lambda: decide_win(None, WinQuote(quote_id=new_id()), CALLER),
        lambda: decide_quote_update(None, [], UpdateQuote(quote_id=new_id())),
    ):
        with pytest.raises(NotFound) as refusal:
            decide()
        assert refusal.value.path == ("input", "quoteId")


def test_a_draft_is_deleted_with_its_lines() -> None:
    locked, lines = locked_quote(quote_row("DRAFT")), [line(1), line(2)]
    decision = decide_deletion(locked, lines, QuoteRef(quote_id=locked.quote.id))
    assert decision == (locked.quote, tuple(lines))


def test_each_quote_that_cannot_be_closed_is_reported_with_its_reason() -> None:
    opened, closed = locked_opportunity(), locked_opportunity(state=OpportunityState.LOST)
    active, draft = quote_row("ACTIVE"), quote_row("DRAFT")
    candidates = [
        Candidate(("input", "quotes", "ids", str(index)), quote, opportunity)
        for index, (quote, opportunity) in enumerate(
            [
                (active, opened),
                (None, None),
                (quote_row("CLOSED"), opened),
                (quote_row("WON"), opened),
                (draft, closed),
                (quote_row("DRAFT", created_at=NOW), opened),
            ]
        )
    ]
    command = CloseQuotes(ids=(), closed_on=date(2026, 11, 2), description=" Too late. ", close_others=True)
    decision = decide_quote_closings(candidates, command, CALLER)
    assert [(each.path[3], each.code) for each in decision.failures] == [
        ("1", "NOT_FOUND"),
        ("2", "QUOTE_ALREADY_CLOSED"),
        ("3", "QUOTE_WON"),
        ("4", "OPPORTUNITY_CLOSED"),
        ("5", "CLOSED_ON_BEFORE_CREATION"),
    ]
    [transition] = decision.transitions
    assert (transition.quote, transition.status_reason) == (active, "LOST")
    assert (transition.closed_on, transition.description) == (date(2026, 11, 2), "Too late.")


def test_one_failure_refuses_all_quotes() -> None:
    opportunity = locked_opportunity()
    candidates = [
        Candidate(("input", "quotes", "ids", str(index)), quote_row(state), opportunity)
        for index, state in enumerate(["ACTIVE", "WON"])
    ]
    with pytest.raises(QuotesNotClosable) as refusal:
        decide_quote_closings(candidates, CloseQuotes(ids=()), CALLER)
    assert [failure.code for failure in refusal.value.failures] == ["QUOTE_WON"]


def test_a_missing_opportunity_of_quotes_is_refused_before_the_date() -> None:
    command = CloseQuotes(of_opportunity=new_id(), closed_on=FUTURE)
    with pytest.raises(NotFound) as refusal:
        decide_quote_closings(None, command, CALLER)
    assert refusal.value.path == ("input", "quotes", "ofOpportunity")
    with pytest.raises(RuleViolation) as violation:
        decide_quote_closings([], command, CALLER)
    assert violation.value.code == "CLOSED_ON_IN_FUTURE"


def create(**parts: Any) -> Any:
    command = parts.pop("command", {})
    usual = {
        "opportunity": opportunity_row(),
        "source": None,
        "lines": (),
        "number_taken": False,
    }
    context = CreateQuoteContext(**{**usual, **parts})
    sent = {"opportunity_id": new_id(), "name": "Cranes", **command}
    return decide_new_quote(context, CreateQuote(**sent))


def test_a_new_quote_has_the_currency_of_the_opportunity_and_the_total_of_the_copied_lines() -> None:
    lines = (line(1), line(2, quantity=Decimal("0.50")))
    draft = create(source=SourceQuote("QUO-1", 0, "EUR"), lines=lines, command={"copy_lines_from": new_id()})
    assert (draft.currency_code, draft.total, draft.lines) == ("EUR", Decimal("1500.00"), lines)
    assert (draft.number, draft.revision) == (None, 0)


def test_all_problems_of_a_new_quote_are_collected_in_order() -> None:
    dates = {"effective_from": date(2026, 12, 2), "effective_to": date(2026, 12, 1)}
    with pytest.raises(RuleViolation) as refusal:
        create(opportunity=None, command={"name": " ", "number": "", **dates})
    assert [problem.code for problem in refusal.value.problems] == [
        "NAME_EMPTY",
        "NUMBER_EMPTY",
        "EFFECTIVE_DATES_REVERSED",
    ]
    with pytest.raises(RuleViolation) as refusal:
        create(
            source=SourceQuote("QUO-1", 0, "NOK"),
            number_taken=True,
            command={"number": "QUO-7", "copy_lines_from": new_id()},
        )
    assert [problem.code for problem in refusal.value.problems] == [
        "QUOTE_IN_ANOTHER_CURRENCY",
        "QUOTE_NUMBER_TAKEN",
    ]


def revise(context: RevisionContext, **command: Any) -> Any:
    return decide_revision(context, QuoteRef(quote_id=context.locked.quote.id, **command), CALLER)


def revision_context(quote_state: str, *others: Revision, **opportunity: Any) -> RevisionContext:
    quote = quote_row(quote_state, revision=1)
    own = Revision(quote.id, quote.number, 1, quote_state)
    return RevisionContext(locked_quote(quote, **opportunity), (line(),), (own, *others))


def test_an_active_quote_is_closed_and_replaced_by_a_draft() -> None:
    context = revision_context("ACTIVE", Revision(new_id(), "QUO-1042", 4, "CLOSED"))
    decision = revise(context)
    assert decision.transition == QuoteTransition(
        context.locked.quote,
        AuditAction.QUOTE_REVISED,
        QuoteState.CLOSED,
        QuoteStatusReason.REVISED,
        NOW.date(),
    )
    assert (decision.draft.number, decision.draft.revision) == ("QUO-1042", 5)
    assert (decision.draft.lines, decision.draft.total) == (context.lines, Decimal("1000.00"))


def test_a_closed_quote_is_replaced_without_a_transition() -> None:
    assert revise(revision_context("CLOSED")).transition is None


@pytest.mark.parametrize(
    ("context", "code"),
    [
        (revision_context("DRAFT"), "QUOTE_NOT_REVISABLE"),
        (revision_context("WON"), "QUOTE_NOT_REVISABLE"),
        (revision_context("CLOSED", state=OpportunityState.WON), "OPPORTUNITY_CLOSED"),
        (revision_context("ACTIVE", Revision(new_id(), "QUO-1042", 2, "DRAFT")), "ANOTHER_REVISION_LIVE"),
        (revision_context("CLOSED", Revision(new_id(), "QUO-1042", 2, "ACTIVE")), "ANOTHER_REVISION_LIVE"),
    ],
)
def test_other_quotes_are_not_revised(context: RevisionContext, code: str) -> None:
    with pytest.raises(RuleViolation) as refusal:
        revise(context)
    assert refusal.value.code == code


def test_a_win_closes_the_other_quotes_as_lost() -> None:
    quote, other = quote_row("ACTIVE"), quote_row("DRAFT", created_at=NOW)
    context = WinContext(locked_quote(quote), (line(),), (quote, other))
    command = WinQuote(quote_id=quote.id, closed_on=date(2026, 11, 2), description=" Signed. ")
    decision = decide_win(context, command, CALLER)
    assert decision.won == QuoteTransition(
        quote,
        AuditAction.QUOTE_WON,
        QuoteState.WON,
        QuoteStatusReason.WON,
        date(2026, 11, 2),
        "Signed.",
    )
    assert [(each.quote, each.status_reason, each.closed_on) for each in decision.lost] == [
        (other, QuoteStatusReason.LOST, NOW.date())
    ]
    assert decision.lines == context.lines


def test_a_second_quote_of_an_opportunity_is_not_won() -> None:
    quote, won = quote_row("ACTIVE"), quote_row("WON", number="QUO-7", revision=2)
    with pytest.raises(RuleViolation) as refusal:
        decide_win(WinContext(locked_quote(quote), (), (quote, won)), WinQuote(quote_id=quote.id), CALLER)
    assert refusal.value.message == "QUO-7 rev 2 of the same opportunity is won already; only one can be."


def test_the_state_and_version_of_a_quote_are_checked_before_the_date_of_the_win() -> None:
    draft, active = quote_row("DRAFT"), quote_row("ACTIVE")
    command = WinQuote(quote_id=draft.id, expected_version=9, closed_on=FUTURE)
    with pytest.raises(RuleViolation) as refusal:
        decide_win(WinContext(locked_quote(draft), (), ()), command, CALLER)
    assert refusal.value.code == "QUOTE_NOT_ACTIVE"
    with pytest.raises(StaleVersion):
        decide_win(WinContext(locked_quote(active), (), ()), command, CALLER)


def test_an_update_changes_removes_and_appends_lines() -> None:
    locked = locked_quote(quote_row("DRAFT", total=Decimal("3000.00")))
    first, second, third = stored = [line(1), line(2), line(3)]
    command = UpdateQuote(
        quote_id=locked.quote.id,
        changes={"name": " Cables "},
        change_lines=(LineUpdate(third.id, {"quantity": Decimal(2)}),),
        remove_lines=(first.id,),
        add_lines=(LineContent(kind=first.kind, name="Crew", unit_price=Decimal("0.5")),),
    )
    decision = decide_quote_update(locked, stored, command)
    assert [(each.position, each.name, each.quantity) for each in decision.new_lines] == [
        (1, "Crane", Decimal("1.00")),
        (2, "Crane", Decimal("2.00")),
        (3, "Crew", Decimal("1.00")),
    ]
    assert [each.id for each in decision.new_lines[:2]] == [second.id, third.id]
    assert decision.old_lines == tuple(stored)
    assert decision.differences["name"] == ("Cranes and crew", "Cables")
    assert decision.differences["total"] == (Decimal("3000.00"), Decimal("3000.50"))
    assert decision.differences["lines.2.quantity"] == (Decimal("1.00"), Decimal("2.00"))


def test_an_update_without_a_difference_has_nothing_to_record() -> None:
    locked = locked_quote(quote_row("DRAFT"))
    command = UpdateQuote(quote_id=locked.quote.id, changes={"name": locked.quote.name})
    assert decide_quote_update(locked, [line()], command).differences == {}


def test_all_problems_of_an_update_are_collected_in_order() -> None:
    locked, stored = locked_quote(quote_row("DRAFT")), line()
    command = UpdateQuote(
        quote_id=locked.quote.id,
        changes={"effective_from": date(2026, 12, 2), "effective_to": date(2026, 12, 1)},
        change_lines=(LineUpdate(stored.id, {"name": ""}), LineUpdate(new_id(), {"name": "New"})),
        remove_lines=(stored.id,),
        add_lines=(LineContent(kind=stored.kind, name="Crew", unit_price=Decimal("NaN")),),
    )
    with pytest.raises(RuleViolation) as refusal:
        decide_quote_update(locked, [stored], command)
    assert [(problem.code, problem.path) for problem in refusal.value.problems] == [
        ("EFFECTIVE_DATES_REVERSED", ("input", "effectiveTo")),
        ("NOT_FOUND", ("input", "lines", "change", "1", "id")),
        ("LINE_NAMED_TWICE", ("input", "lines", "remove", "0")),
        ("UNIT_PRICE_OUT_OF_RANGE", ("input", "lines", "add", "0", "product", "unitPrice")),
    ]
