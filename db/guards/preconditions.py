"""What a change presupposes of the row that it changes, checked while the row is locked."""

from collections.abc import Collection
from typing import Any

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import OpportunityAlreadyClosed, RuleViolation, StaleVersion
from db.quotes.transitions import QUOTE_ID, quote_label

OPPORTUNITY_ID = ("input", "opportunityId")
"""Where a mutation of one opportunity takes its id."""


def check_version(noun: str, row: Any, expected: int | None) -> None:
    """Check that the row is as the caller read it; nobody has to say what he expects.

    Raises:
        StaleVersion: it is at another version.
    """
    if expected is not None and expected != row.version:
        raise StaleVersion(noun, row.id, expected, row.version)


def check_open(opportunity: Any) -> None:
    """Check that an opportunity may be changed.

    Raises:
        OpportunityAlreadyClosed: it is won or lost.
    """
    if opportunity.state != OpportunityState.OPEN:
        raise OpportunityAlreadyClosed(opportunity.id, opportunity.state)


def check_draft(quote: Any, opportunity: Any, expected_version: int | None, requirement: str) -> None:
    """Check that a draft may be changed; ``requirement`` says what only a draft can be, and what to do.

    Raises:
        StaleVersion: it is not at the expected version.
        RuleViolation: it is no draft, or its opportunity is won or lost.
    """
    check_quote_state(quote, {QuoteState.DRAFT}, "QUOTE_NOT_DRAFT", requirement)
    check_opportunity_of_quote(quote, opportunity)
    check_version("quote", quote, expected_version)


def check_quote_state(quote: Any, allowed: Collection[QuoteState], code: str, requirement: str) -> None:
    """Check that a quote is in a state in which something may be done to it; ``requirement`` says which.

    Raises:
        RuleViolation: it is in another one.
    """
    if quote.state not in allowed:
        raise RuleViolation(code, f"{quote_label(quote)} is {_STATES[quote.state]}; {requirement}", QUOTE_ID)


def check_opportunity_of_quote(quote: Any, opportunity: Any) -> None:
    """Check that the quotes of an opportunity may be changed.

    Raises:
        RuleViolation: the opportunity is won or lost.
    """
    if opportunity.state != OpportunityState.OPEN:
        raise RuleViolation(OPPORTUNITY_CLOSED, closed_opportunity_message(quote, opportunity), QUOTE_ID)


OPPORTUNITY_CLOSED = "OPPORTUNITY_CLOSED"
"""The code of whatever a closed opportunity keeps from its quotes."""


def closed_opportunity_message(quote: Any, opportunity: Any) -> str:
    """Say that the opportunity of a quote is closed, and what to do."""
    return (
        f"The opportunity of {quote_label(quote)} is closed as {opportunity.state.lower()}. Reopen it first."
    )


_STATES = {
    QuoteState.DRAFT: "a draft",
    QuoteState.ACTIVE: "active",
    QuoteState.WON: "won",
    QuoteState.CLOSED: "closed",
}
