"""A deal of the files as rows: the opportunity, and its close activity or its quote."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

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
from db.importers.pipeline.parser import Deal, Stage
from db.importers.pipeline.references import CURRENCY, NO_ACCOUNT, ImportTarget, References, email

NUMBER_PREFIX = "CRM-"
"""What keeps the numbers of imported quotes apart from those that the organization gives."""

_REASONS = {
    OpportunityState.OPEN: SeededReason.IN_PROGRESS,
    OpportunityState.WON: SeededReason.WON,
    OpportunityState.LOST: SeededReason.CANCELED,
}
_QUOTES = {
    Stage.ENGAGING: (QuoteState.ACTIVE, QuoteStatusReason.ACTIVE_IN_PROGRESS),
    Stage.PROSPECTING: (QuoteState.DRAFT, QuoteStatusReason.DRAFT_IN_PROGRESS),
}


def quote_number(deal: Deal) -> str:
    """Return the number of the quote that an open deal gets."""
    return f"{NUMBER_PREFIX}{deal.reference}"


def rows_of(deal: Deal, to: ImportTarget, ground: References) -> list[SQLModel]:
    """Return the rows that a deal becomes."""
    opportunity = _opportunity(deal, to, ground)
    if deal.closed_on is None:
        quote = _quote(deal, opportunity)
        return [opportunity, quote, _line(deal, quote)]
    opportunity.close_id = new_id()
    return [opportunity, _close(opportunity, opportunity.close_id, deal.closed_on)]


def _opportunity(deal: Deal, to: ImportTarget, ground: References) -> models.Opportunity:
    began_on = deal.engaged_on or deal.closed_on
    created_at = _midnight(began_on) if began_on else to.now
    return models.Opportunity(
        organization_id=to.organization_id,
        id=new_id(),
        external_reference=deal.reference,
        name=deal.name,
        account_id=ground.accounts[deal.account or NO_ACCOUNT],
        owner_id=ground.users[email(deal.agent.name)],
        contracting_unit_id=ground.units[deal.agent.office],
        currency_code=CURRENCY,
        state=deal.state,
        status_reason_id=ground.reasons[_REASONS[deal.state]],
        estimated_revenue=deal.list_price,
        actual_revenue=deal.close_value,
        closed_on=deal.closed_on,
        created_at=created_at,
        updated_at=_midnight(deal.closed_on) if deal.closed_on else created_at,
    )


def _close(opportunity: models.Opportunity, close_id: UUID, closed_on: date) -> models.OpportunityClose:
    return models.OpportunityClose(
        organization_id=opportunity.organization_id,
        id=close_id,
        opportunity_id=opportunity.id,
        outcome=opportunity.state,
        status_reason_id=opportunity.status_reason_id,
        actual_revenue=opportunity.actual_revenue,
        currency_code=opportunity.currency_code,
        closed_on=closed_on,
        closed_by_id=opportunity.owner_id,
        created_at=opportunity.updated_at,
    )


def _quote(deal: Deal, opportunity: models.Opportunity) -> models.Quote:
    state, status_reason = _QUOTES[deal.stage]
    return models.Quote(
        organization_id=opportunity.organization_id,
        id=new_id(),
        opportunity_id=opportunity.id,
        number=quote_number(deal),
        name=opportunity.name,
        state=state,
        status_reason=status_reason,
        currency_code=opportunity.currency_code,
        total=deal.list_price,
        created_at=opportunity.created_at,
        updated_at=opportunity.created_at,
    )


def _line(deal: Deal, quote: models.Quote) -> models.QuoteLine:
    return models.QuoteLine(
        organization_id=quote.organization_id,
        id=new_id(),
        quote_id=quote.id,
        position=1,
        kind=QuoteLineKind.PRODUCT,
        name=deal.product,
        quantity=Decimal(1),
        unit_price=deal.list_price,
        currency_code=quote.currency_code,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
