"""The mutations that close quotes and opportunities: lock, check, write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.domain.enums import (
    ActivityState,
    OpportunityState,
    QuoteState,
    QuoteStatusReason,
    SeededReason,
)
from db.domain.ids import new_id
from db.models import Opportunity, OpportunityClose, Quote, QuoteClose, StatusReason
from tests.benchmarks.servers.orm.sessions import organization, session, settings


@dataclass(frozen=True, slots=True)
class Refusal:
    """Active quotes keep the opportunity open."""

    blocking_quotes: Sequence[Quote]
    code: str = "ACTIVE_QUOTES"


class NotOpen(Exception):
    """The opportunity is closed, or there is none."""


async def close_quotes(opportunity_id: UUID) -> Sequence[Quote]:
    """Close an opportunity's active and draft quotes, and return them.

    Raises:
        NotOpen: there is no open opportunity with this id.
    """
    async with session.begin() as database:
        await _lock(database, opportunity_id)
        quotes = await _quotes(database, opportunity_id, QuoteState.ACTIVE, QuoteState.DRAFT)
        for quote in quotes:
            _close_quote(database, quote)
    return quotes


async def close_opportunity(opportunity_id: UUID) -> Opportunity | Refusal:
    """Close an opportunity as won and return it, unless it has active quotes.

    Raises:
        NotOpen: there is no open opportunity with this id.
    """
    async with session.begin() as database:
        opportunity = await _lock(database, opportunity_id)
        if blocking := await _quotes(database, opportunity_id, QuoteState.ACTIVE):
            return Refusal(blocking)
        won = await _quotes(database, opportunity_id, QuoteState.WON)
        revenue = won[0].total if won else opportunity.estimated_revenue
        _close_opportunity(database, opportunity, await _won_reason(database), revenue)
    return opportunity


async def _lock(database: AsyncSession, opportunity_id: UUID) -> Opportunity:
    statement = (
        select(Opportunity)
        .where(Opportunity.organization_id == organization, Opportunity.id == opportunity_id)
        .with_for_update()
    )
    found = (await database.exec(statement)).one_or_none()
    if found is None or found.state != OpportunityState.OPEN:
        raise NotOpen
    return found


async def _quotes(database: AsyncSession, opportunity_id: UUID, *states: QuoteState) -> Sequence[Quote]:
    statement = (
        select(Quote)
        .where(
            Quote.organization_id == organization,
            Quote.opportunity_id == opportunity_id,
            col(Quote.state).in_(states),
        )
        .order_by(col(Quote.number), col(Quote.revision))
    )
    return (await database.exec(statement)).all()


async def _won_reason(database: AsyncSession) -> UUID:
    statement = select(StatusReason.id).where(
        StatusReason.organization_id == organization, StatusReason.code == SeededReason.WON
    )
    return (await database.exec(statement)).one()


def _close_quote(database: AsyncSession, quote: Quote) -> None:
    now = datetime.now(UTC)
    quote.state = QuoteState.CLOSED
    quote.status_reason = QuoteStatusReason.LOST
    quote.version += 1
    quote.updated_at = now
    database.add(
        QuoteClose(
            organization_id=organization,
            id=new_id(),
            quote_id=quote.id,
            reason=QuoteStatusReason.LOST,
            closed_on=now.date(),
            closed_by_id=settings.user_id,
            created_at=now,
        )
    )


def _close_opportunity(
    database: AsyncSession, opportunity: Opportunity, reason_id: UUID, revenue: Decimal
) -> None:
    now = datetime.now(UTC)
    opportunity.state = OpportunityState.WON
    opportunity.status_reason_id = reason_id
    opportunity.actual_revenue = revenue
    opportunity.closed_on = now.date()
    opportunity.close_id = new_id()
    opportunity.version += 1
    opportunity.updated_at = now
    database.add(
        OpportunityClose(
            organization_id=organization,
            id=opportunity.close_id,
            opportunity_id=opportunity.id,
            state=ActivityState.COMPLETED,
            outcome=OpportunityState.WON,
            status_reason_id=reason_id,
            actual_revenue=revenue,
            currency_code=opportunity.currency_code,
            closed_on=now.date(),
            closed_by_id=settings.user_id,
            created_at=now,
        )
    )
