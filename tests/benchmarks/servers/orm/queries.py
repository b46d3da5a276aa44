"""The queries: single rows, lists, pages and sums."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, tuple_
from sqlmodel import col, select

from db.domain.enums import OpportunityState
from db.models import Opportunity
from db.models.ddl.sort_keys import sort_key
from tests.benchmarks.servers.orm.sessions import organization, session


@dataclass(frozen=True, slots=True)
class PageInfo:
    """The cursor after the last row of a page."""

    has_next_page: bool
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of opportunities."""

    nodes: Sequence[Opportunity]
    page_info: PageInfo


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency_code: str


@dataclass(slots=True)
class StateTotal:
    """The opportunities in one state: their number, actual revenue, and estimated revenue."""

    state: OpportunityState
    count: int = 0
    revenue: list[Money] = field(default_factory=list)
    estimated_revenue: list[Money] = field(default_factory=list)


async def opportunity(opportunity_id: UUID) -> Opportunity | None:
    """Return one opportunity."""
    async with session() as database:
        return await database.get(Opportunity, (organization, opportunity_id))


async def open_opportunities(owner_id: UUID, first: int) -> Sequence[Opportunity]:
    """Return an owner's first open opportunities by estimated close date."""
    statement = (
        select(Opportunity)
        .where(
            Opportunity.organization_id == organization,
            Opportunity.owner_id == owner_id,
            Opportunity.state == OpportunityState.OPEN,
        )
        .order_by(sort_key(Opportunity.estimated_close_date), col(Opportunity.id))
        .limit(first)
    )
    async with session() as database:
        return (await database.exec(statement)).all()


async def opportunities(first: int, after: str | None) -> Page:
    """Return a page, ordered by creation."""
    statement = select(Opportunity).where(Opportunity.organization_id == organization)
    if after is not None:
        created_at, _, last_id = after.partition("/")
        position = tuple_(col(Opportunity.created_at), col(Opportunity.id))
        statement = statement.where(position > (datetime.fromisoformat(created_at), UUID(last_id)))
    statement = statement.order_by(col(Opportunity.created_at), col(Opportunity.id)).limit(first + 1)
    async with session() as database:
        rows = (await database.exec(statement)).all()
    return _page(rows[:first], has_next_page=len(rows) > first)


async def state_totals() -> list[StateTotal]:
    """Return counts and sums by state, the most opportunities first."""
    estimated = func.sum(Opportunity.estimated_revenue).filter(
        col(Opportunity.state) == OpportunityState.OPEN
    )
    statement = (
        select(  # type: ignore[call-overload]  # typed for four columns at most
            Opportunity.state,
            Opportunity.currency_code,
            func.count(),
            func.sum(Opportunity.actual_revenue),
            estimated,
        )
        .where(Opportunity.organization_id == organization)
        .group_by(Opportunity.state, Opportunity.currency_code)
        .order_by(Opportunity.currency_code)
    )
    totals: dict[str, StateTotal] = {}
    async with session() as database:
        for state, currency, count, revenue, estimated_revenue in await database.exec(statement):
            total = totals.setdefault(state, StateTotal(OpportunityState(state)))
            total.count += count
            if revenue is not None:
                total.revenue.append(Money(revenue, currency))
            if estimated_revenue is not None:
                total.estimated_revenue.append(Money(estimated_revenue, currency))
    return sorted(totals.values(), key=lambda total: -total.count)


def _page(rows: Sequence[Opportunity], *, has_next_page: bool) -> Page:
    end_cursor = f"{rows[-1].created_at.isoformat()}/{rows[-1].id}" if rows else None
    return Page(rows, PageInfo(has_next_page, end_cursor))
