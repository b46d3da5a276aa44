"""Closing quotes as lost or canceled: all that an opportunity has left, or some by their ids."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import EventKind, record_change
from db.domain.caller import Caller
from db.domain.closing_details import (
    CLOSED_ON_BEFORE_CREATION,
    validate_closing_date,
    validate_description,
)
from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState
from db.domain.errors import NotFound, Path, QuoteFailure, QuotesNotClosable, RuleViolation
from db.guards.closing_context import lock_opportunity_with_quotes
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_opportunities_of
from db.guards.preconditions import OPPORTUNITY_CLOSED, closed_opportunity_message
from db.quotes.close_activities import close_quotes_with_activities
from db.quotes.transitions import quote_label
from db.sql.array_param import InArray
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

MAX_QUOTES = 100
"""How many quotes one call closes by their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseQuotes:
    """How to close which quotes: all active and draft ones of an opportunity, or some by their ids.

    ``closed_on`` is today (UTC) unless sent. With ``close_others`` a quote that can't be closed doesn't keep
    the others from it.
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
    """The quotes that were closed, and why each other one was not."""

    closed_quote_ids: tuple[UUID, ...]
    failures: tuple[QuoteFailure, ...]


async def close_quotes(transaction: Transaction, caller: Caller, closing: CloseQuotes) -> ClosedQuotes:
    """Close quotes of open opportunities; an opportunity may well have none to close.

    Raises:
        NotFound: the caller's organization has no such opportunity.
        QuotesNotClosable: some quotes can't be closed, and ``close_others`` was not sent.
        RuleViolation: any other rule about what was sent; the code says which.
    """
    closing = _within_limits(closing)
    return await _CLOSE_QUOTES.run(transaction, caller, closing, lambda: _close(transaction, caller, closing))


def _within_limits(closing: CloseQuotes) -> CloseQuotes:
    if closing.ids is not None:
        _check_number(len(set(closing.ids)))
    description = validate_description(closing.description, ("input", "description"))
    return replace(closing, description=description)


def _check_number(quotes: int) -> None:
    path = ("input", "quotes", "ids")
    if quotes == 0:
        raise RuleViolation("NO_QUOTES", "No quote was named. Send the id of at least one.", path)
    if quotes > MAX_QUOTES:
        raise RuleViolation(
            "TOO_MANY_QUOTES",
            f"{quotes:,} quotes were named; the limit is {MAX_QUOTES}. Close them in several calls.",
            path,
        )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Where a quote was named, and its row and its opportunity's if there is such a quote."""

    path: Path
    quote: Any = None
    opportunity: Any = None


async def _close(transaction: Transaction, caller: Caller, closing: CloseQuotes) -> ClosedQuotes:
    candidates = await _candidates(transaction, caller, closing)
    day = validate_closing_date(caller, closing.closed_on)
    judged = [(each, _failure(each, day)) for each in candidates]
    failures = tuple(failure for _, failure in judged if failure)
    if failures and not closing.close_others:
        raise QuotesNotClosable(failures)
    closable = [each for each, failure in judged if failure is None]
    quotes = [(each.quote, day) for each in closable]
    changes = await close_quotes_with_activities(
        transaction, caller, quotes, closing.reason, closing.description
    )
    changed = sorted({each.opportunity.id for each in closable})
    await record_change(transaction, caller, changes, EventKind.QUOTES_CLOSED, changed)
    return ClosedQuotes(tuple(quote.id for quote, _ in quotes), failures)


async def _candidates(transaction: Transaction, caller: Caller, closing: CloseQuotes) -> list[_Candidate]:
    if closing.of_opportunity is not None:
        return await _of_opportunity(transaction, caller, closing.of_opportunity)
    return await _named(transaction, caller, closing.ids or ())


async def _of_opportunity(transaction: Transaction, caller: Caller, opportunity_id: UUID) -> list[_Candidate]:
    path = ("input", "quotes", "ofOpportunity")
    opportunity, quotes = await lock_opportunity_with_quotes(transaction, caller, opportunity_id, path)
    return [_Candidate(path, quote, opportunity) for quote in quotes if quote.state != QuoteState.WON]


async def _named(transaction: Transaction, caller: Caller, ids: tuple[UUID, ...]) -> list[_Candidate]:
    opportunities = await lock_opportunities_of(transaction, caller, ids)
    quotes = {
        quote.id: quote
        for quote in await transaction.rows(_NAMED, organization_id=caller.organization_id, ids=list(ids))
        if quote.opportunity_id in opportunities  # else it was stored after the lock was taken
    }
    candidates: dict[UUID, _Candidate] = {}
    for index, quote_id in enumerate(ids):
        path = ("input", "quotes", "ids", str(index))
        quote = quotes.get(quote_id)
        opportunity = opportunities[quote.opportunity_id] if quote else None
        candidates.setdefault(quote_id, _Candidate(path, quote, opportunity))
    return list(candidates.values())


def _failure(candidate: _Candidate, day: date) -> QuoteFailure | None:
    if candidate.quote is None:
        missing = NotFound("quote", candidate.path)
        return QuoteFailure(None, missing.code, missing.message, candidate.path)
    obstacle = _obstacle(candidate.quote, candidate.opportunity, day)
    return None if obstacle is None else QuoteFailure(candidate.quote.id, *obstacle, candidate.path)


def _obstacle(quote: Any, opportunity: Any, day: date) -> tuple[str, str] | None:
    created_on = quote.created_at.date()
    if quote.state == QuoteState.CLOSED:
        return "QUOTE_ALREADY_CLOSED", f"{quote_label(quote)} is already closed. Leave it out."
    if quote.state == QuoteState.WON:
        return "QUOTE_WON", f"{quote_label(quote)} is won and stays so. Leave it out."
    if opportunity.state != OpportunityState.OPEN:
        return OPPORTUNITY_CLOSED, closed_opportunity_message(quote, opportunity)
    if day < created_on:
        message = (
            f"{quote_label(quote)} was created on {created_on}, after {day}. Send that day or a later one."
        )
        return CLOSED_ON_BEFORE_CREATION, message
    return None


_CLOSE_QUOTES = IdempotentOperation("closeQuotes", ClosedQuotes)

_quote = table_of(models.Quote)
_columns = [
    _quote.c[name]
    for name in ("id", "opportunity_id", "number", "revision", "state", "status_reason", "created_at")
]
_NAMED = Statement(
    select(*_columns).where(
        _quote.c.organization_id == bindparam("organization_id"), InArray(_quote.c.id, "ids")
    )
)
