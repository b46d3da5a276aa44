"""Close an opportunity as won or lost. It cannot be closed while one of its quotes is active."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, or_, update

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, record_change
from db.domain.caller import Caller
from db.domain.enums import ActivityState, OpportunityState, QuoteCloseReason, QuoteState, SeededReason
from db.domain.errors import ActiveQuotes, BlockingQuote, NotFound
from db.domain.ids import new_id
from db.domain.validation import (
    Problems,
    closed_before_creation,
    validate_amount,
    validate_closing_date,
    validate_description,
)
from db.guards.idempotency import idempotent
from db.guards.locking import (
    SELECT_OPPORTUNITY_WITH_QUOTES,
    LockedOpportunity,
    QuoteRow,
    opportunity_with_quotes,
)
from db.guards.preconditions import OPPORTUNITY_ID, check_open, check_version, require_found
from db.opportunities.status_reason_rules import (
    StatusReasonRow,
    default_reason,
    require_reason,
    validate_required_details,
)
from db.quotes.transitions import QuoteTransition, apply_transitions, close_along
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRemainingQuotes:
    """Close the active and draft quotes of the opportunity too, with this reason and description."""

    reason: QuoteCloseReason
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOpportunity:
    """Close an opportunity; ``outcome`` is WON or LOST.

    ``status_reason_id`` defaults to the seeded reason of the outcome, ``closed_on`` to today (UTC). For a
    win, ``actual_revenue`` (in the currency of the opportunity) defaults to the total of the won quote, or
    without one to the estimated revenue.
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
    """The closed opportunity, the activity that records the closing, and the quotes closed with it."""

    opportunity_id: UUID
    opportunity_close_id: UUID
    closed_quote_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ClosingContext:
    """What closing an opportunity depends on; None stands for a row that does not exist.

    ``quotes`` are those that are not closed, by number and revision.
    """

    opportunity: LockedOpportunity | None = None
    quotes: tuple[QuoteRow, ...] = ()
    status_reason: StatusReasonRow | None = None
    competitor_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingDecision:
    """The opportunity as it is, what the closing records, and the quotes to close with it."""

    opportunity: LockedOpportunity
    outcome: OpportunityState
    status_reason_id: UUID
    closed_on: date
    actual_revenue: Decimal | None
    competitor_id: UUID | None
    description: str | None
    quotes: tuple[QuoteTransition, ...]


_opportunity = table_of(models.Opportunity)
_reason = table_of(models.StatusReason).c
_competitor = table_of(models.Competitor).c

_LOAD_CONTEXT = Statement(
    SELECT_OPPORTUNITY_WITH_QUOTES.add_columns(
        exists()
        .where(
            _competitor.organization_id == bindparam("organization_id"),
            _competitor.id == bindparam("competitor_id"),
        )
        .label("competitor_exists"),
        *(_reason[name].label(f"reason_{name}") for name in StatusReasonRow._fields),
    ).outerjoin(
        table_of(models.StatusReason),
        and_(
            _reason.organization_id == bindparam("organization_id"),
            or_(_reason.id == bindparam("reason_id"), _reason.code == bindparam("reason_code")),
        ),
    )
)
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


@idempotent("closeOpportunity")
async def close_opportunity(
    transaction: Transaction, caller: Caller, command: CloseOpportunity
) -> ClosedOpportunity:
    """Close an open opportunity that has no active quote, or with ``close_quotes`` its quotes first.

    Raises:
        NotFound: the caller's organization has no such opportunity or competitor.
        OpportunityAlreadyClosed: the opportunity is won or lost.
        StaleVersion: the opportunity does not have the expected version.
        InvalidStatusReason: the status reason is unknown, retired, or belongs to another outcome.
        ActiveQuotes: quotes are active, expired or not, and ``close_quotes`` was not sent.
        RuleViolation: another rule rejects the command; the code names it.
    """
    context = await load_closing_context(transaction, caller, command)
    decision = decide_closing(context, command, caller)
    return await apply_closing(transaction, caller, decision)


async def load_closing_context(
    transaction: Transaction, caller: Caller, command: CloseOpportunity
) -> ClosingContext:
    """Lock the opportunity and load, in one statement, everything that closing it depends on."""
    reason = command.status_reason_id or default_reason(command.outcome, command.competitor_id)
    is_seeded = isinstance(reason, SeededReason)
    rows = await transaction.rows(
        _LOAD_CONTEXT,
        organization_id=caller.organization_id,
        opportunity_id=command.opportunity_id,
        reason_id=None if is_seeded else reason,
        reason_code=reason if is_seeded else None,
        competitor_id=command.competitor_id,
    )
    locked = opportunity_with_quotes(rows)
    if locked is None:
        return ClosingContext()
    status_reason = StatusReasonRow(*rows[0][-len(StatusReasonRow._fields) :])
    return ClosingContext(
        locked.opportunity,
        locked.quotes,
        status_reason if status_reason.id else None,
        rows[0].competitor_exists,
    )


def decide_closing(context: ClosingContext, command: CloseOpportunity, caller: Caller) -> ClosingDecision:
    """Return what the closing changes; raises as ``close_opportunity`` does."""
    problems = Problems()
    remaining = command.close_quotes
    remaining_description = validate_description(
        problems,
        None if remaining is None else remaining.description,
        ("input", "closeQuotes", "description"),
    )
    description = validate_description(problems, command.description, ("input", "description"))
    problems.raise_first()

    opportunity = require_found(context.opportunity, "opportunity", OPPORTUNITY_ID)
    check_open(opportunity)
    check_version("opportunity", opportunity, command.expected_version)

    outcome_path = ("input", "outcome", command.outcome.lower())
    reason = require_reason(context.status_reason, command.outcome)
    validate_required_details(problems, reason, command.outcome, description, command.competitor_id)
    if command.competitor_id is not None and command.outcome == OpportunityState.WON:
        message = "A won deal has no competitor. Leave it out."
        problems.add("COMPETITOR_OF_A_WIN", message, (*outcome_path, "competitorId"))
    elif command.competitor_id is not None and not context.competitor_exists:
        problems.add_refusal(NotFound("competitor", (*outcome_path, "competitorId")))
    closed_on = validate_closing_date(problems, caller, command.closed_on)
    created_on = opportunity.created_at.date()
    if closed_on < created_on:
        problems.add_refusal(closed_before_creation("The opportunity", created_on, closed_on))
    actual_revenue = _default_revenue(opportunity, context.quotes, command.outcome)
    if command.actual_revenue is not None:
        path = (*outcome_path, "actualRevenue")
        actual_revenue = validate_amount(problems, "actual revenue", command.actual_revenue, path)
    problems.raise_first()

    to_close: tuple[QuoteTransition, ...] = ()
    if remaining is not None:
        unwon = [each for each in context.quotes if each.state != QuoteState.WON]
        to_close = close_along(unwon, remaining.reason, closed_on, remaining_description)
    elif active := [each for each in context.quotes if each.state == QuoteState.ACTIVE]:
        raise ActiveQuotes(opportunity.id, [_blocking_quote(each, caller) for each in active])
    return ClosingDecision(
        opportunity=opportunity,
        outcome=command.outcome,
        status_reason_id=reason.id,
        closed_on=closed_on,
        actual_revenue=actual_revenue,
        competitor_id=command.competitor_id,
        description=description,
        quotes=to_close,
    )


def _default_revenue(
    opportunity: LockedOpportunity, quotes: Sequence[QuoteRow], outcome: OpportunityState
) -> Decimal | None:
    if outcome == OpportunityState.LOST:
        return None
    won = [quote.total for quote in quotes if quote.state == QuoteState.WON]
    return won[0] if won else opportunity.estimated_revenue


def _blocking_quote(quote: QuoteRow, caller: Caller) -> BlockingQuote:
    is_expired = quote.effective_to is not None and quote.effective_to < caller.today
    return BlockingQuote(quote.id, quote.number, quote.revision, is_expired)


async def apply_closing(
    transaction: Transaction, caller: Caller, decision: ClosingDecision
) -> ClosedOpportunity:
    """Write the quotes, the opportunity and the close activity, an audit entry for each, and an event."""
    opportunity = decision.opportunity
    entries = await apply_transitions(transaction, caller, decision.quotes)
    close_id = new_id()
    activity = {
        "organization_id": caller.organization_id,
        "id": close_id,
        "opportunity_id": opportunity.id,
        "state": ActivityState.COMPLETED,
        "outcome": decision.outcome,
        "status_reason_id": decision.status_reason_id,
        "closed_on": decision.closed_on,
        "actual_revenue": decision.actual_revenue,
        "currency_code": opportunity.currency_code,
        "competitor_id": decision.competitor_id,
        "description": decision.description,
        "closed_by_id": caller.user_id,
        "created_at": caller.now,
    }
    await transaction.update_exactly(_CLOSE, **activity)
    await transaction.execute_many(_INSERT_ACTIVITY, [activity])
    changes = {
        "state": (opportunity.state, decision.outcome),
        "status_reason_id": (opportunity.status_reason_id, decision.status_reason_id),
        "actual_revenue": (None, decision.actual_revenue),
        "closed_on": (None, decision.closed_on),
        "close_id": (None, close_id),
    }
    entries.append(AuditEntry(AuditAction.OPPORTUNITY_CLOSED, opportunity.id, opportunity.id, changes))
    await record_change(transaction, caller, entries, EventKind.OPPORTUNITY_CLOSED, [opportunity.id])
    closed_quotes = tuple(each.quote.id for each in decision.quotes)
    return ClosedOpportunity(opportunity.id, close_id, closed_quotes)
