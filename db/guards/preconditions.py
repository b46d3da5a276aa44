"""Preconditions that several operations share, checked while the opportunity is locked."""

from collections.abc import Collection, Mapping
from typing import Protocol, TypeVar
from uuid import UUID

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import NotFound, OpportunityAlreadyClosed, Path, RuleViolation, StaleVersion
from db.guards.locking import LockedOpportunity, LockedQuote, OpportunityRow, QuoteRow

OPPORTUNITY_ID: Path = ("input", "opportunityId")
QUOTE_ID: Path = ("input", "quoteId")

OPPORTUNITY_CLOSED = "OPPORTUNITY_CLOSED"
"""The code of a refusal to change a quote of a closed opportunity."""

REVISE = "revise it, or go on with its live revision"
"""The advice for a closed quote: it can be revised unless another revision is a draft or active."""

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


def check_draft(
    locked: LockedQuote, expected_version: int | None, act: str, advice: Mapping[QuoteState, str]
) -> None:
    """Check that a quote is a draft of an open opportunity; ``act`` and ``advice`` are for the message.

    Raises:
        StaleVersion: the quote does not have the expected version.
        RuleViolation: the quote is not a draft, or its opportunity is won or lost.
    """
    requirement = f"only a draft can be {act}"
    check_quote_state(locked, {QuoteState.DRAFT}, "QUOTE_NOT_DRAFT", requirement, advice)
    check_opportunity_of_quote(locked)
    check_version("quote", locked.quote, expected_version)


def check_quote_state(
    locked: LockedQuote,
    allowed: Collection[QuoteState],
    code: str,
    requirement: str,
    advice: Mapping[QuoteState, str],
) -> None:
    """Check that a quote is in an allowed state.

    Args:
        locked: the quote with its opportunity.
        allowed: the states that are allowed.
        code: the code of the refusal.
        requirement: which state is needed, for the message.
        advice: what can be done, by state, with a quote of an open opportunity; nothing in states not in it.

    Raises:
        RuleViolation: it is in another state.
    """
    state = QuoteState(locked.quote.state)
    if state in allowed:
        return
    todo = advice.get(state)
    if todo is None:
        todo = "It stays as it is"
    elif locked.opportunity.state == OpportunityState.OPEN:
        todo = todo.capitalize()
    else:
        todo = f"Reopen the opportunity, then {todo}"
    message = f"{locked.quote.label} is {_STATE_NAMES[state]}; {requirement}. {todo}."
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
