"""A deal of the sample as rows: the opportunity, its close activities, its quotes."""

from collections.abc import Iterator
from decimal import Decimal

from sqlmodel import SQLModel

from db import models
from db.domain.enums import ActivityState, OpportunityState, QuoteStatusReason
from db.opportunities.audit_backfill import ASSUMED_REOPEN_DELAY
from db.sample_data.declared.spec import Closing, Deal, Unit
from db.sample_data.load_context import LoadContext
from db.sample_data.quote_rows import offer_rows, total


def deal_rows(deal: Deal, unit: Unit, setting: LoadContext) -> Iterator[SQLModel]:
    """Return the rows that a deal becomes."""
    opportunity = _opportunity(deal, unit, setting)
    for closing in deal.closings:
        close = _close(closing, deal, opportunity, setting)
        opportunity.updated_at = close.created_at
        if closing.reopened:
            opportunity.updated_at += ASSUMED_REOPEN_DELAY
        else:
            _set_closed(opportunity, close)
        yield close
    yield opportunity
    for offer in deal.offers:
        yield from offer_rows(offer, opportunity, setting)


def _opportunity(deal: Deal, unit: Unit, setting: LoadContext) -> models.Opportunity:
    return models.Opportunity(
        **setting.keys(),
        name=deal.name,
        description=deal.description,
        account_id=setting.ids[deal.account.name],
        owner_id=setting.ids[deal.owner.name],
        contracting_unit_id=setting.ids[unit.name],
        currency_code=unit.currency,
        status_reason_id=setting.reasons[deal.reason][0],
        estimated_revenue=Decimal(deal.estimate),
        estimated_close_date=setting.calendar.day(-deal.due),
        created_at=setting.calendar.instant(deal.created),
        updated_at=setting.calendar.instant(deal.created),
    )


def _close(
    closing: Closing, deal: Deal, opportunity: models.Opportunity, setting: LoadContext
) -> models.OpportunityClose:
    reason_id, outcome = setting.reasons[closing.reason]
    return models.OpportunityClose(
        **setting.keys(),
        opportunity_id=opportunity.id,
        state=ActivityState.CANCELED if closing.reopened else ActivityState.COMPLETED,
        outcome=outcome,
        status_reason_id=reason_id,
        actual_revenue=_revenue(closing, deal) if outcome == OpportunityState.WON else None,
        currency_code=opportunity.currency_code,
        closed_on=setting.calendar.day(closing.closed),
        competitor_id=setting.ids[closing.competitor] if closing.competitor else None,
        description=closing.description,
        closed_by_id=opportunity.owner_id,
        created_at=setting.calendar.instant(closing.closed),
    )


def _revenue(closing: Closing, deal: Deal) -> Decimal:
    won = [total(offer) for offer in deal.offers if offer.reason == QuoteStatusReason.WON]
    return Decimal(closing.revenue) if closing.revenue is not None else (*won, Decimal(deal.estimate))[0]


def _set_closed(opportunity: models.Opportunity, close: models.OpportunityClose) -> None:
    opportunity.state = close.outcome
    opportunity.status_reason_id = close.status_reason_id
    opportunity.actual_revenue = close.actual_revenue
    opportunity.closed_on = close.closed_on
    opportunity.close_id = close.id
