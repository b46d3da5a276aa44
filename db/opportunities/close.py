"""Closing an opportunity as won or lost. It can't be closed while a quote of it is active."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, record_change
from db.domain.caller import Caller
from db.domain.closing_details import validate_closing_date_since, validate_description
from db.domain.enums import ActivityState, OpportunityState, QuoteCloseReason, QuoteState
from db.domain.errors import ActiveQuotes, BlockingQuote, NotFound, RuleViolation
from db.domain.ids import new_id
from db.domain.validation import validate_amount
from db.guards.closing_context import ClosingContext, ClosingRefs, LockedOpportunity, load_closing_context
from db.guards.idempotency import IdempotentOperation
from db.guards.preconditions import OPPORTUNITY_ID, check_open, check_version
from db.opportunities.status_reason_rules import check_reason, check_required, default_reason
from db.quotes.close_activities import close_quotes_with_activities, with_closing_date
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRemainingQuotes:
    """What is recorded with the active and draft quotes that are closed along with their opportunity."""

    reason: QuoteCloseReason
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOpportunity:
    """How to close which opportunity; ``outcome`` is WON or LOST.

    What is left out has a default: ``status_reason_id`` the outcome's seeded reason, ``closed_on`` today
    (UTC), ``actual_revenue`` (in the opportunity's currency) of a win the total of the won quote, or without
    one the estimated revenue.
    """

    opportunity_id: UUID
    outcome: OpportunityState
    status_reason_id: UUID | None = None
    actual_revenue: Decimal | None = None
    competitor_id: UUID | None = None
    closed_on: date | None = None
    description: str | None = None
    close_quotes: CloseRemainingQuotes | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ClosedOpportunity:
    """A closed opportunity, the activity that records it, and the quotes that were closed along with it."""

    opportunity_id: UUID
    opportunity_close_id: UUID
    closed_quote_ids: tuple[UUID, ...]


async def close_opportunity(
    transaction: Transaction, caller: Caller, closing: CloseOpportunity
) -> ClosedOpportunity:
    """Close an open opportunity that has no active quote; with ``close_quotes``, its quotes before it.

    Raises:
        NotFound: the caller's organization has no such opportunity or competitor.
        OpportunityAlreadyClosed: it is won or lost.
        StaleVersion: it is not at the expected version.
        InvalidStatusReason: the reason isn't one of the outcome's, or is retired.
        RuleViolation: any other rule about what was sent; the code says which.
        ActiveQuotes: quotes of it are active, expired or not, and ``close_quotes`` was not sent.
    """
    closing = closing_within_limits(closing)
    return await _CLOSE_OPPORTUNITY.run(
        transaction, caller, closing, lambda: close_one(transaction, caller, closing)
    )


def closing_within_limits(closing: CloseOpportunity) -> CloseOpportunity:
    """Return the closing with its descriptions as they are stored.

    Raises:
        RuleViolation: a description is too long.
    """
    remaining = closing.close_quotes
    if remaining is not None:
        path = ("input", "closeQuotes", "description")
        remaining = replace(remaining, description=validate_description(remaining.description, path))
    description = validate_description(closing.description, ("input", "description"))
    return replace(closing, description=description, close_quotes=remaining)


async def close_one(transaction: Transaction, caller: Caller, closing: CloseOpportunity) -> ClosedOpportunity:
    """Do what ``close_opportunity`` does, whatever the key; it refuses before it has changed anything."""
    reason = closing.status_reason_id or default_reason(closing.outcome, closing.competitor_id)
    named = ClosingRefs(reason, closing.competitor_id)
    facts = await load_closing_context(transaction, caller, closing.opportunity_id, OPPORTUNITY_ID, named)
    opportunity = facts.opportunity
    check_open(opportunity)
    check_version("opportunity", opportunity, closing.expected_version)
    activity = _activity(caller, closing, facts)
    changes = await _close_quotes(transaction, caller, closing, activity["closed_on"], facts.quotes)
    await transaction.update_exactly(_CLOSE, **activity)
    await transaction.execute_many(_INSERT_ACTIVITY, [activity])
    await record_change(
        transaction,
        caller,
        [*changes, _change(opportunity, activity)],
        EventKind.OPPORTUNITY_CLOSED,
        [opportunity.id],
    )
    return ClosedOpportunity(opportunity.id, activity["id"], tuple(change.subject_id for change in changes))


def _activity(caller: Caller, closing: CloseOpportunity, facts: ClosingContext) -> dict[str, Any]:
    opportunity = facts.opportunity
    check_reason(facts.reason, closing.outcome)
    check_required(facts.reason, closing.outcome, closing.description, closing.competitor_id)
    _check_competitor(closing, facts)
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "opportunity_id": opportunity.id,
        "state": ActivityState.COMPLETED,
        "outcome": closing.outcome,
        "status_reason_id": facts.reason.reason_id,
        "closed_on": validate_closing_date_since(
            caller, closing.closed_on, "The opportunity", opportunity.created_at.date()
        ),
        "actual_revenue": _actual_revenue(closing, facts),
        "currency_code": opportunity.currency_code,
        "competitor_id": closing.competitor_id,
        "description": closing.description,
        "closed_by_id": caller.user_id,
        "created_at": caller.now,
    }


def _check_competitor(closing: CloseOpportunity, facts: ClosingContext) -> None:
    path = ("input", "outcome", closing.outcome.lower(), "competitorId")
    if closing.competitor_id is not None and closing.outcome == OpportunityState.WON:
        raise RuleViolation("COMPETITOR_OF_A_WIN", "A won deal has no competitor. Leave it out.", path)
    if closing.competitor_id is not None and not facts.competitor_exists:
        raise NotFound("competitor", path)


def _actual_revenue(closing: CloseOpportunity, facts: ClosingContext) -> Decimal | None:
    if closing.actual_revenue is not None:
        path = ("input", "outcome", closing.outcome.lower(), "actualRevenue")
        return validate_amount("actual revenue", closing.actual_revenue, path)
    if closing.outcome == OpportunityState.LOST:
        return None
    won: list[Decimal] = [quote.total for quote in facts.quotes if quote.state == QuoteState.WON]
    return won[0] if won else facts.opportunity.estimated_revenue


async def _close_quotes(
    transaction: Transaction,
    caller: Caller,
    closing: CloseOpportunity,
    closed_on: date,
    quotes: Sequence[Any],
) -> list[AuditEntry]:
    if closing.close_quotes is None:
        _check_nothing_blocks(caller, closing, quotes)
        return []
    remaining = with_closing_date((quote for quote in quotes if quote.state != QuoteState.WON), closed_on)
    return await close_quotes_with_activities(
        transaction, caller, remaining, closing.close_quotes.reason, closing.close_quotes.description
    )


def _check_nothing_blocks(caller: Caller, closing: CloseOpportunity, quotes: Sequence[Any]) -> None:
    blocking = [_blocking(caller, quote) for quote in quotes if quote.state == QuoteState.ACTIVE]
    if blocking:
        raise ActiveQuotes(closing.opportunity_id, blocking)


def _blocking(caller: Caller, quote: Any) -> BlockingQuote:
    is_expired = quote.effective_to is not None and quote.effective_to < caller.today
    return BlockingQuote(quote.id, quote.number, quote.revision, is_expired)


def _change(opportunity: LockedOpportunity, activity: dict[str, Any]) -> AuditEntry:
    return AuditEntry(
        AuditAction.OPPORTUNITY_CLOSED,
        opportunity.id,
        opportunity.id,
        {
            "state": (opportunity.state, activity["outcome"]),
            "status_reason_id": (opportunity.status_reason_id, activity["status_reason_id"]),
            "actual_revenue": (None, activity["actual_revenue"]),
            "closed_on": (None, activity["closed_on"]),
            "close_id": (None, activity["id"]),
        },
    )


_CLOSE_OPPORTUNITY = IdempotentOperation("closeOpportunity", ClosedOpportunity)

_opportunity = table_of(models.Opportunity)

_CLOSE = Statement(
    update(_opportunity)
    .where(
        _opportunity.c.organization_id == bindparam("organization_id"),
        _opportunity.c.id == bindparam("opportunity_id"),
        _opportunity.c.state == OpportunityState.OPEN,
    )
    .values(
        state=bindparam("outcome"),
        status_reason_id=bindparam("status_reason_id"),
        actual_revenue=bindparam("actual_revenue"),
        closed_on=bindparam("closed_on"),
        close_id=bindparam("id"),
        version=_opportunity.c.version + 1,
        updated_at=bindparam("created_at"),
    )
)
_INSERT_ACTIVITY = insert_statement(models.OpportunityClose)
