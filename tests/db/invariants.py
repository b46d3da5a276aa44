"""Find rows that violate the invariants; there must be none, whatever ran concurrently."""

from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select, true

from db import models
from db.domain.enums import ActivityState, OpportunityState, QuoteState
from db.sql.statements import Statement
from db.sql.tables import table_of
from tests.builders import OrganizationBuilder


async def invalid_closings(builder: OrganizationBuilder) -> list[UUID]:
    """Return the opportunities that are closed with an active quote, or have a wrong number of activities."""
    async with builder.database.transaction() as transaction:
        rows = await transaction.rows(_CLOSINGS)
    return [
        row.id
        for row in rows
        if (row.active_quotes and row.state != OpportunityState.OPEN)
        or row.activities != int(row.state != OpportunityState.OPEN)
    ]


async def invalid_wins(builder: OrganizationBuilder) -> list[UUID]:
    """Return the opportunities with several won quotes, or with contracts that do not match the won quote."""
    return await _ids(builder, _INVALID_WINS)


async def invalid_quote_closes(builder: OrganizationBuilder) -> list[UUID]:
    """Return the quotes whose close activity does not match their status reason."""
    return await _ids(builder, _INVALID_QUOTE_CLOSES)


async def invalid_revisions(builder: OrganizationBuilder) -> list[UUID]:
    """Return the drafts and active quotes that have the same number as another one."""
    return await _ids(builder, _INVALID_REVISIONS)


async def _ids(builder: OrganizationBuilder, statement: Statement) -> list[UUID]:
    async with builder.database.transaction() as transaction:
        return [row.id for row in await transaction.rows(statement)]


_opportunity = table_of(models.Opportunity).c
_activity = table_of(models.OpportunityClose).c
_quote = table_of(models.Quote).c
_other = table_of(models.Quote).alias().c
_quote_close = table_of(models.QuoteClose).c
_contract = table_of(models.ProjectContract).c
_line = table_of(models.ProjectContractLine).c

_CLOSINGS = Statement(
    select(
        _opportunity.id,
        _opportunity.state,
        select(func.count())
        .where(
            _quote.organization_id == _opportunity.organization_id,
            _quote.opportunity_id == _opportunity.id,
            _quote.state == QuoteState.ACTIVE,
        )
        .scalar_subquery()
        .label("active_quotes"),
        select(func.count())
        .where(
            _activity.organization_id == _opportunity.organization_id,
            _activity.opportunity_id == _opportunity.id,
            _activity.state == ActivityState.COMPLETED,
        )
        .scalar_subquery()
        .label("activities"),
    )
)

_of_opportunity = (
    _quote.organization_id == _opportunity.organization_id,
    _quote.opportunity_id == _opportunity.id,
    _quote.state == QuoteState.WON,
)
_won = select(func.count()).where(*_of_opportunity).scalar_subquery()
_lines = (
    select(func.sum(_line.total))
    .where(_line.organization_id == _contract.organization_id, _line.project_contract_id == _contract.id)
    .scalar_subquery()
)
_contracts = (
    select(func.count())
    .where(
        *_of_opportunity,
        _contract.organization_id == _quote.organization_id,
        _contract.quote_id == _quote.id,
        _contract.total == _quote.total,
        _contract.total == _lines,
    )
    .scalar_subquery()
)
_all_contracts = (
    select(func.count())
    .where(
        _contract.organization_id == _opportunity.organization_id,
        _contract.opportunity_id == _opportunity.id,
    )
    .scalar_subquery()
)
_INVALID_WINS = Statement(
    select(_opportunity.id).where((_won > 1) | (_won != _contracts) | (_won != _all_contracts))
)

_reason = (
    select(_quote_close.reason)
    .where(_quote_close.organization_id == _quote.organization_id, _quote_close.quote_id == _quote.id)
    .scalar_subquery()
)
_is_closed = or_(_quote.state == QuoteState.WON, _quote.state == QuoteState.CLOSED)
_INVALID_QUOTE_CLOSES = Statement(
    select(_quote.id).where(
        case(
            (_is_closed, func.coalesce(_reason != _quote.status_reason, true())),
            else_=_reason.is_not(None),
        )
    )
)


def _is_live(quote: Any) -> Any:
    return or_(quote.state == QuoteState.DRAFT, quote.state == QuoteState.ACTIVE)


_INVALID_REVISIONS = Statement(
    select(_quote.id).where(
        _is_live(_quote),
        select(_other.id)
        .where(
            _other.organization_id == _quote.organization_id,
            _other.number == _quote.number,
            _other.id != _quote.id,
            _is_live(_other),
        )
        .exists(),
    )
)
