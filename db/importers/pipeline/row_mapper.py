"""Map an opportunity of the files to rows: the opportunity, and its close activity or its quote."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from sqlmodel import SQLModel

from db import models
from db.domain.enums import (
    OpportunityState,
    QuoteLineKind,
    QuoteState,
    QuoteStatusReason,
    SeededReason,
)
from db.domain.ids import new_id
from db.importers.pipeline.records import NO_ACCOUNT, PipelineOpportunity, Stage, placeholder_email
from db.importers.pipeline.references import CURRENCY, References
from db.importers.target import ImportTarget

_STATUS_REASONS = {
    OpportunityState.OPEN: SeededReason.IN_PROGRESS,
    OpportunityState.WON: SeededReason.WON,
    OpportunityState.LOST: SeededReason.CANCELED,
}
_QUOTE_STATES = {
    Stage.ENGAGING: (QuoteState.ACTIVE, QuoteStatusReason.ACTIVE_IN_PROGRESS),
    Stage.PROSPECTING: (QuoteState.DRAFT, QuoteStatusReason.DRAFT_IN_PROGRESS),
}


def opportunity_rows(
    source: PipelineOpportunity, target: ImportTarget, references: References
) -> list[SQLModel]:
    """Return the opportunity with its close activity, or with its quote and quote line."""
    opportunity = _opportunity(source, target, references)
    if source.closed_on is not None:
        close = _close(opportunity, source.closed_on)
        opportunity.close_id = close.id
        return [opportunity, close]
    quote = _quote(source, opportunity)
    return [opportunity, quote, _quote_line(source, quote)]


def _opportunity(
    source: PipelineOpportunity, target: ImportTarget, references: References
) -> models.Opportunity:
    created_on = source.engaged_on or source.closed_on
    created_at = _midnight(created_on) if created_on else target.now
    return models.Opportunity(
        organization_id=target.organization_id,
        id=new_id(),
        external_reference=source.reference,
        name=source.name,
        account_id=references.accounts[source.account or NO_ACCOUNT],
        owner_id=references.users[placeholder_email(source.agent.name)],
        contracting_unit_id=references.units[source.agent.office],
        currency_code=CURRENCY,
        state=source.stage.state,
        status_reason_id=references.status_reasons[_STATUS_REASONS[source.stage.state]],
        estimated_revenue=source.list_price,
        actual_revenue=source.close_value,
        closed_on=source.closed_on,
        created_at=created_at,
        updated_at=_midnight(source.closed_on) if source.closed_on else created_at,
    )


def _close(opportunity: models.Opportunity, closed_on: date) -> models.OpportunityClose:
    return models.OpportunityClose(
        organization_id=opportunity.organization_id,
        id=new_id(),
        opportunity_id=opportunity.id,
        outcome=opportunity.state,
        status_reason_id=opportunity.status_reason_id,
        actual_revenue=opportunity.actual_revenue,
        currency_code=opportunity.currency_code,
        closed_on=closed_on,
        closed_by_id=opportunity.owner_id,
        created_at=opportunity.updated_at,
    )


def _quote(source: PipelineOpportunity, opportunity: models.Opportunity) -> models.Quote:
    state, status_reason = _QUOTE_STATES[source.stage]
    return models.Quote(
        organization_id=opportunity.organization_id,
        id=new_id(),
        opportunity_id=opportunity.id,
        number=source.quote_number,
        name=opportunity.name,
        state=state,
        status_reason=status_reason,
        currency_code=opportunity.currency_code,
        total=source.list_price,
        created_at=opportunity.created_at,
        updated_at=opportunity.created_at,
    )


def _quote_line(source: PipelineOpportunity, quote: models.Quote) -> models.QuoteLine:
    return models.QuoteLine(
        organization_id=quote.organization_id,
        id=new_id(),
        quote_id=quote.id,
        position=1,
        kind=QuoteLineKind.PRODUCT,
        name=source.product,
        quantity=Decimal(1),
        unit_price=source.list_price,
        currency_code=quote.currency_code,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
