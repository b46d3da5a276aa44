"""Preconditions that several operations share, checked while the opportunity is locked."""

from collections.abc import Collection
from typing import Protocol, TypeVar
from uuid import UUID

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import NotFound, OpportunityAlreadyClosed, Path, RuleViolation, StaleVersion
from db.guards.locking import LockedOpportunity, LockedQuote, OpportunityRow, QuoteRow

OPPORTUNITY_ID: Path = ("input", "opportunityId")
QUOTE_ID: Path = ("input", "quoteId")

OPPORTUNITY_CLOSED = "OPPORTUNITY_CLOSED"
"""The code of a refusal to change a quote of a closed opportunity."""

_STATE_NAMES = {
    QuoteState.DRAFT: "a draft",
    QuoteState.ACTIVE: "active",
    QuoteState.WON: "won",
    QuoteState.CLOSED: "closed",
}

T = TypeVar("T")


class VersionedRow(Protocol):
    """A row with an id and a version."""

    @property
    def id(self) -> UUID:
        """The id."""

    @property
    def version(self) -> int:
        """The version; every change increments it."""


def require_found(row: T | None, noun: str, path: Path) -> T:
    """Return the row; ``path`` is where its id was sent.

    Raises:
        NotFound: there is no row.
    """
    if row is None:
        raise NotFound(noun, path)
    return row


def check_version(noun: str, row: VersionedRow, expected: int | None) -> None:
    """Check that the row has the version that the caller expects; None expects no version.

    Raises:
        StaleVersion: it has another version.
    """
    if expected is not None and expected != row.version:
        raise StaleVersion(noun, row.id, expected, row.version)


def check_open(opportunity: LockedOpportunity | OpportunityRow) -> None:
    """Check that an opportunity is open, so that it can be changed.

    Raises:
        OpportunityAlreadyClosed: it is won or lost.
    """
    if opportunity.state != OpportunityState.OPEN:
        raise OpportunityAlreadyClosed(opportunity.id, opportunity.state)


def check_draft(locked: LockedQuote, expected_version: int | None, requirement: str) -> None:
    """Check that a quote is a draft of an open opportunity; ``requirement`` is the end of the message.

    Raises:
        StaleVersion: the quote does not have the expected version.
        RuleViolation: the quote is not a draft, or its opportunity is won or lost.
    """
    check_quote_state(locked.quote, {QuoteState.DRAFT}, "QUOTE_NOT_DRAFT", requirement)
    check_opportunity_of_quote(locked)
    check_version("quote", locked.quote, expected_version)


def check_quote_state(quote: QuoteRow, allowed: Collection[QuoteState], code: str, requirement: str) -> None:
    """Check that a quote is in an allowed state; ``requirement`` is the end of the message.

    Raises:
        RuleViolation: it is in another state.
    """
    if quote.state not in allowed:
        message = f"{quote.label} is {_STATE_NAMES[QuoteState(quote.state)]}; {requirement}"
        raise RuleViolation(code, message, QUOTE_ID)


def check_opportunity_of_quote(locked: LockedQuote) -> None:
    """Check that the opportunity of a quote is open, so that the quote can be changed.

    Raises:
        RuleViolation: the opportunity is won or lost.
    """
    if locked.opportunity.state != OpportunityState.OPEN:
        raise closed_opportunity(locked.quote, locked.opportunity)


def closed_opportunity(quote: QuoteRow, opportunity: LockedOpportunity) -> RuleViolation:
    """Return the refusal to change a quote of a closed opportunity."""
    return RuleViolation(
        OPPORTUNITY_CLOSED,
        f"The opportunity of {quote.label} is closed as {opportunity.state.lower()}. Reopen it first.",
        QUOTE_ID,
    )
