"""Close quotes as lost or canceled: all active and draft quotes of an opportunity, or some by their ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from db.audit.log import EventKind, record_change
from db.domain.caller import Caller
from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState
from db.domain.errors import NotFound, Path, QuoteFailure, QuotesNotClosable, RuleViolation
from db.domain.validation import (
    Problems,
    closed_before_creation,
    validate_closing_date,
    validate_description,
)
from db.guards.idempotency import idempotent
from db.guards.locking import LockedOpportunity, QuoteRow, lock_opportunity_with_quotes, lock_quotes
from db.guards.preconditions import closed_opportunity, require_found
from db.quotes.transitions import QuoteTransition, apply_transitions, close_transition
from db.sql.database import Transaction

MAX_QUOTES = 100
"""The number of quotes that one command can close by their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseQuotes:
    """Close all active and draft quotes of an opportunity, or the quotes with the given ids.

    ``closed_on`` defaults to today (UTC). With ``close_others``, quotes that can be closed are closed even if
    others cannot.
    """

    of_opportunity: UUID | None = None
    ids: tuple[UUID, ...] | None = None
    reason: QuoteCloseReason = QuoteCloseReason.LOST
    closed_on: date | None = None
    description: str | None = None
    close_others: bool = False
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        if (self.of_opportunity is None) == (self.ids is None):
            raise ValueError("Name either an opportunity or quotes.")


@dataclass(frozen=True, slots=True)
class ClosedQuotes:
    """The quotes that were closed, and the failures of the others."""

    closed_quote_ids: tuple[UUID, ...]
    failures: tuple[QuoteFailure, ...]


class Candidate(NamedTuple):
    """A quote that may be closed, with its opportunity; both are None if there is no such quote.

    ``path`` is where the quote was sent.
    """

    path: Path
    quote: QuoteRow | None = None
    opportunity: LockedOpportunity | None = None


@dataclass(frozen=True, slots=True)
class CloseQuotesDecision:
    """The transitions of the quotes to close, and the failures of the others."""

    transitions: tuple[QuoteTransition, ...]
    failures: tuple[QuoteFailure, ...]


_OF_OPPORTUNITY: Path = ("input", "quotes", "ofOpportunity")
_IDS: Path = ("input", "quotes", "ids")


@idempotent("closeQuotes")
async def close_quotes(transaction: Transaction, caller: Caller, command: CloseQuotes) -> ClosedQuotes:
    """Close quotes of open opportunities; an opportunity can have no quote to close.

    Raises:
        NotFound: the caller's organization has no such opportunity.
        QuotesNotClosable: some quotes cannot be closed, and ``close_others`` was not sent.
        RuleViolation: another rule rejects the command; the code names it.
    """
    check_number_of_quotes(command)
    candidates = await load_candidates(transaction, caller, command)
    decision = decide_quote_closings(candidates, command, caller)
    return await apply_quote_closings(transaction, caller, decision)


def check_number_of_quotes(command: CloseQuotes) -> None:
    """Check, before they are loaded, that not too many quotes are sent.

    Raises:
        RuleViolation: no quote is sent, or more than ``MAX_QUOTES``.
    """
    if command.ids is None:
        return
    number = len(set(command.ids))
    if number == 0:
        raise RuleViolation("NO_QUOTES", "No quote was named. Send the id of at least one.", _IDS)
    if number > MAX_QUOTES:
        message = f"{number:,} quotes were named; the limit is {MAX_QUOTES}. Close them in several calls."
        raise RuleViolation("TOO_MANY_QUOTES", message, _IDS)


async def load_candidates(
    transaction: Transaction, caller: Caller, command: CloseQuotes
) -> list[Candidate] | None:
    """Lock the opportunities; return the quotes, or None if there is no such opportunity."""
    if command.of_opportunity is not None:
        locked = await lock_opportunity_with_quotes(transaction, caller, command.of_opportunity)
        return locked and [
            Candidate(_OF_OPPORTUNITY, quote, locked.opportunity)
            for quote in locked.quotes
            if quote.state != QuoteState.WON
        ]
    ids = command.ids or ()
    quotes = await lock_quotes(transaction, caller, ids)
    candidates: dict[UUID, Candidate] = {}
    for index, quote_id in enumerate(ids):
        path = (*_IDS, str(index))
        quote = quotes.get(quote_id)
        candidate = Candidate(path, quote.quote, quote.opportunity) if quote else Candidate(path)
        candidates.setdefault(quote_id, candidate)
    return list(candidates.values())


def decide_quote_closings(
    candidates: Sequence[Candidate] | None, command: CloseQuotes, caller: Caller
) -> CloseQuotesDecision:
    """Return which quotes are closed; raises as ``close_quotes`` does."""
    problems = Problems()
    description = validate_description(problems, command.description, ("input", "description"))
    problems.raise_first()
    candidates = require_found(candidates, "opportunity", _OF_OPPORTUNITY)
    closed_on = validate_closing_date(problems, caller, command.closed_on)
    problems.raise_first()
    transitions: list[QuoteTransition] = []
    failures: list[QuoteFailure] = []
    for path, quote, opportunity in candidates:
        if quote is None or opportunity is None:
            missing = NotFound("quote", path)
            failures.append(QuoteFailure(None, missing.code, missing.message, path))
        elif refusal := _refusal(quote, opportunity, closed_on):
            failures.append(QuoteFailure(quote.id, refusal.code, refusal.message, path))
        else:
            transitions.append(close_transition(quote, command.reason, closed_on, description))
    if failures and not command.close_others:
        raise QuotesNotClosable(failures, are_named=command.ids is not None)
    return CloseQuotesDecision(tuple(transitions), tuple(failures))


def _refusal(quote: QuoteRow, opportunity: LockedOpportunity, closed_on: date) -> RuleViolation | None:
    if quote.state == QuoteState.CLOSED:
        return RuleViolation("QUOTE_ALREADY_CLOSED", f"{quote.label} is already closed. Leave it out.")
    if quote.state == QuoteState.WON:
        return RuleViolation("QUOTE_WON", f"{quote.label} is won and stays so. Leave it out.")
    if opportunity.state != OpportunityState.OPEN:
        return closed_opportunity(quote, opportunity)
    if closed_on < quote.created_at.date():
        return closed_before_creation(quote.label, quote.created_at.date(), closed_on)
    return None


async def apply_quote_closings(
    transaction: Transaction, caller: Caller, decision: CloseQuotesDecision
) -> ClosedQuotes:
    """Write the quotes and their close activities, audit entries, and an event per opportunity."""
    entries = await apply_transitions(transaction, caller, decision.transitions)
    opportunity_ids = sorted({each.quote.opportunity_id for each in decision.transitions})
    await record_change(transaction, caller, entries, EventKind.QUOTES_CLOSED, opportunity_ids)
    closed = tuple(each.quote.id for each in decision.transitions)
    return ClosedQuotes(closed, decision.failures)
