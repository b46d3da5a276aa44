"""Row locks: which rows the operations lock, and in which order.

An operation that changes an opportunity or its quotes first locks the opportunity. Several opportunities
are locked in the order of their ids. On PostgreSQL a statement that waited for a lock sees the current locked
row, but all other rows as they were before the wait. Quotes are therefore read by a later statement, or by a
volatile function (``db.models.ddl.unclosed_quotes``). SQLite has only one writer at a time.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, exists, select

from db import models
from db.domain.caller import Caller
from db.domain.errors import quote_label
from db.models.ddl.unclosed_quotes import unclosed_quotes
from db.sql.array_param import InArray
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


class LockedOpportunity(NamedTuple):
    """A locked opportunity, with the columns that most rules need."""

    id: UUID
    state: str
    status_reason_id: UUID
    estimated_revenue: Decimal
    currency_code: str
    version: int
    created_at: datetime


class OpportunityRow(NamedTuple):
    """A locked opportunity, with all columns that can change."""

    id: UUID
    name: str
    description: str | None
    account_id: UUID
    owner_id: UUID
    contracting_unit_id: UUID
    currency_code: str
    state: str
    status_reason_id: UUID
    estimated_revenue: Decimal
    estimated_close_date: date | None
    actual_revenue: Decimal | None
    closed_on: date | None
    close_id: UUID | None
    version: int


class QuoteRow(NamedTuple):
    """A quote of a locked opportunity."""

    id: UUID
    opportunity_id: UUID
    number: str
    revision: int
    name: str
    state: str
    status_reason: str
    currency_code: str
    total: Decimal
    effective_from: date | None
    effective_to: date | None
    version: int
    created_at: datetime

    @property
    def label(self) -> str:
        """The name of the quote in messages."""
        return quote_label(self.number, self.revision)


class LockedQuote(NamedTuple):
    """A quote with its locked opportunity."""

    quote: QuoteRow
    opportunity: LockedOpportunity
    has_lines: bool


class OpportunityWithQuotes(NamedTuple):
    """A locked opportunity with those of its quotes that are not closed, by number and revision."""

    opportunity: LockedOpportunity
    quotes: tuple[QuoteRow, ...]


_opportunity = table_of(models.Opportunity).c
_quote = table_of(models.Quote).c
_line = table_of(models.QuoteLine).c
_organization_id: BindParameter[UUID] = bindparam("organization_id")


def _select_for_update(columns: Iterable[str], condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*(_opportunity[name] for name in columns))
        .where(_opportunity.organization_id == _organization_id, condition)
        .order_by(_opportunity.id)
        .with_for_update()
    )


_LOCK_OPPORTUNITY = Statement(
    _select_for_update(OpportunityRow._fields, _opportunity.id == bindparam("opportunity_id")), OpportunityRow
)
_LOCK_OPPORTUNITIES = Statement(_select_for_update(["id"], InArray(_opportunity.id, "opportunity_ids")))

# A quote never moves to another opportunity, so a snapshot from before the wait is good enough here.
_LOCK_OPPORTUNITIES_OF_QUOTES = Statement(
    _select_for_update(
        LockedOpportunity._fields,
        _opportunity.id.in_(
            select(_quote.opportunity_id).where(
                _quote.organization_id == _organization_id, InArray(_quote.id, "quote_ids")
            )
        ),
    ),
    LockedOpportunity,
)
_READ_QUOTES = Statement(
    select(
        *(_quote[name] for name in QuoteRow._fields),
        exists()
        .where(_line.organization_id == _quote.organization_id, _line.quote_id == _quote.id)
        .label("has_lines"),
    ).where(_quote.organization_id == _organization_id, InArray(_quote.id, "quote_ids"))
)

_locked = (
    select(_opportunity.organization_id, *(_opportunity[name] for name in LockedOpportunity._fields))
    .where(_opportunity.organization_id == _organization_id, _opportunity.id == bindparam("opportunity_id"))
    .with_for_update()
    .subquery("locked")
)
_unclosed = unclosed_quotes(table_of(models.Quote), _locked)

SELECT_OPPORTUNITY_WITH_QUOTES = (
    select(
        *(_locked.c[name].label(f"locked_{name}") for name in LockedOpportunity._fields),
        *(_unclosed.c[name] for name in QuoteRow._fields),
    )
    .select_from(_locked)
    .outerjoin(
        _unclosed,
        and_(
            _unclosed.c.organization_id == _locked.c.organization_id,
            _unclosed.c.opportunity_id == _locked.c.id,
        ),
    )
    .order_by(_unclosed.c.number, _unclosed.c.revision)
)
"""Locks an opportunity: one row for each quote that is not closed, or one row with an empty quote.

A closing reads everything in this one statement, to which it adds columns of its own.
"""

_LOCK_OPPORTUNITY_WITH_QUOTES = Statement(SELECT_OPPORTUNITY_WITH_QUOTES)


async def lock_opportunity(
    transaction: Transaction, caller: Caller, opportunity_id: UUID
) -> OpportunityRow | None:
    """Lock an opportunity; return it, or None if the caller's organization has no such opportunity."""
    return await transaction.row(
        _LOCK_OPPORTUNITY, organization_id=caller.organization_id, opportunity_id=opportunity_id
    )


async def lock_opportunities(
    transaction: Transaction, caller: Caller, opportunity_ids: Sequence[UUID]
) -> None:
    """Lock several opportunities in the order of their ids, so that each can be locked again in any order."""
    await transaction.rows(
        _LOCK_OPPORTUNITIES, organization_id=caller.organization_id, opportunity_ids=opportunity_ids
    )


async def lock_opportunity_with_quotes(
    transaction: Transaction, caller: Caller, opportunity_id: UUID
) -> OpportunityWithQuotes | None:
    """Lock an opportunity; return it with its quotes, or None if there is no such opportunity."""
    return opportunity_with_quotes(
        await transaction.rows(
            _LOCK_OPPORTUNITY_WITH_QUOTES,
            organization_id=caller.organization_id,
            opportunity_id=opportunity_id,
        )
    )


def opportunity_with_quotes(rows: Sequence[tuple[Any, ...]]) -> OpportunityWithQuotes | None:
    """Return what the rows of ``SELECT_OPPORTUNITY_WITH_QUOTES`` contain, or None if there are none."""
    if not rows:
        return None
    columns = len(LockedOpportunity._fields)
    quotes = [QuoteRow(*row[columns : columns + len(QuoteRow._fields)]) for row in rows]
    return OpportunityWithQuotes(
        LockedOpportunity(*rows[0][:columns]), tuple(quote for quote in quotes if quote.id is not None)
    )


async def lock_quotes(
    transaction: Transaction, caller: Caller, quote_ids: Sequence[UUID]
) -> dict[UUID, LockedQuote]:
    """Lock the opportunities of quotes; return the quotes by id, without those that do not exist."""
    key = {"organization_id": caller.organization_id, "quote_ids": quote_ids}
    opportunities = {row.id: row for row in await transaction.rows(_LOCK_OPPORTUNITIES_OF_QUOTES, **key)}
    return {
        row.id: LockedQuote(QuoteRow(*row[:-1]), opportunities[row.opportunity_id], row.has_lines)
        for row in await transaction.rows(_READ_QUOTES, **key)
        if row.opportunity_id in opportunities  # otherwise it was stored after the locks were taken
    }


async def lock_quote(transaction: Transaction, caller: Caller, quote_id: UUID) -> LockedQuote | None:
    """Lock the opportunity of a quote; return the quote, or None if there is no such quote."""
    return (await lock_quotes(transaction, caller, [quote_id])).get(quote_id)
