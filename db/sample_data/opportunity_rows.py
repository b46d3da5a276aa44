"""Rows of a sample opportunity: the opportunity, its close activities, its quotes and contracts."""

from collections.abc import Iterator
from decimal import Decimal

from sqlmodel import SQLModel

from db import models
from db.domain.enums import ActivityState, OpportunityState, QuoteStatusReason
from db.domain.ids import new_id
from db.opportunities.audit_backfill import ASSUMED_REOPEN_DELAY
from db.sample_data.declared.spec import Close, ContractingUnit, Opportunity
from db.sample_data.load_context import LoadContext
from db.sample_data.quote_rows import quote_rows, quote_total


def opportunity_rows(spec: Opportunity, unit: ContractingUnit, context: LoadContext) -> Iterator[SQLModel]:
    """Yield the rows of an opportunity."""
    created_at = context.calendar.instant(spec.created_days_ago)
    opportunity = models.Opportunity(
        organization_id=context.organization_id,
        id=new_id(),
        name=spec.name,
        description=spec.description,
        account_id=context.ids[spec.account.name],
        owner_id=context.ids[spec.owner.name],
        contracting_unit_id=context.ids[unit.name],
        currency_code=unit.currency_code,
        status_reason_id=context.status_reasons[spec.status_reason][0],
        estimated_revenue=Decimal(spec.estimated_revenue),
        estimated_close_date=context.calendar.day(-spec.due_in_days),
        created_at=created_at,
        updated_at=created_at,
    )
    for close_spec in spec.closes:
        close = _close(close_spec, spec, opportunity, context)
        opportunity.updated_at = close.created_at
        if close_spec.is_reopened:
            opportunity.updated_at += ASSUMED_REOPEN_DELAY
        else:
            opportunity.state = close.outcome
            opportunity.status_reason_id = close.status_reason_id
            opportunity.actual_revenue = close.actual_revenue
            opportunity.closed_on = close.closed_on
            opportunity.close_id = close.id
        yield close
    yield opportunity
    for quote in spec.quotes:
        yield from quote_rows(quote, opportunity, context)


def _close(
    close: Close, spec: Opportunity, opportunity: models.Opportunity, context: LoadContext
) -> models.OpportunityClose:
    reason_id, outcome = context.status_reasons[close.status_reason]
    return models.OpportunityClose(
        organization_id=context.organization_id,
        id=new_id(),
        opportunity_id=opportunity.id,
        state=ActivityState.CANCELED if close.is_reopened else ActivityState.COMPLETED,
        outcome=outcome,
        status_reason_id=reason_id,
        actual_revenue=_actual_revenue(close, spec) if outcome == OpportunityState.WON else None,
        currency_code=opportunity.currency_code,
        closed_on=context.calendar.day(close.closed_days_ago),
        competitor_id=context.ids[close.competitor] if close.competitor else None,
        description=close.description,
        closed_by_id=opportunity.owner_id,
        created_at=context.calendar.instant(close.closed_days_ago),
    )


def _actual_revenue(close: Close, spec: Opportunity) -> Decimal:
    if close.actual_revenue is not None:
        return Decimal(close.actual_revenue)
    for quote in spec.quotes:
        if quote.status_reason == QuoteStatusReason.WON:
            return quote_total(quote)
    return Decimal(spec.estimated_revenue)
