"""Which rows a rule locks, and in which order: opportunities alone, by their ids.

A rule that touches an opportunity or its quotes locks the opportunity first. On PostgreSQL a statement that
has waited for a lock sees the locked row as it is now and everything else as it was before the wait. So
quotes are read by a later statement, or by a function that looks anew (``db.models.ddl.unclosed_quotes``). On
SQLite a writer is alone already.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, select

from db import models
from db.domain.caller import Caller
from db.domain.errors import NotFound, Path
from db.sql.array_param import InArray
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

_opportunity = table_of(models.Opportunity).c
_quote = table_of(models.Quote).c
_line = table_of(models.QuoteLine).c


async def lock_opportunity(transaction: Transaction, caller: Caller, opportunity_id: UUID, path: Path) -> Any:
    """Lock and return one opportunity.

    Raises:
        NotFound: the caller's organization has no such opportunity; ``path`` is where its id was sent.
    """
    values = {"organization_id": caller.organization_id, "opportunity_id": opportunity_id}
    opportunity = await transaction.row(_LOCK_ONE, **values)
    if opportunity is None:
        raise NotFound("opportunity", path)
    return opportunity


async def lock_opportunities(
    transaction: Transaction, caller: Caller, opportunity_ids: Sequence[UUID]
) -> None:
    """Lock some opportunities, so that each can be locked again in any order; a missing one is no harm."""
    await transaction.rows(
        _LOCK_SOME, organization_id=caller.organization_id, opportunity_ids=opportunity_ids
    )


async def lock_opportunities_of(
    transaction: Transaction, caller: Caller, quote_ids: tuple[UUID, ...]
) -> dict[UUID, Any]:
    """Lock the opportunities of some quotes and return them by their ids; a missing quote adds none."""
    opportunities = await transaction.rows(
        _LOCK_OF_QUOTES, organization_id=caller.organization_id, quote_ids=quote_ids
    )
    return {opportunity.id: opportunity for opportunity in opportunities}


async def lock_quote(transaction: Transaction, caller: Caller, quote_id: UUID, path: Path) -> tuple[Any, Any]:
    """Lock the opportunity of a quote; return the quote with ``has_lines``, and the opportunity.

    Raises:
        NotFound: the caller's organization has no such quote; ``path`` is where its id was sent.
    """
    opportunities = await lock_opportunities_of(transaction, caller, (quote_id,))
    quote = await transaction.row(_QUOTE, organization_id=caller.organization_id, quote_id=quote_id)
    if quote is None or quote.opportunity_id not in opportunities:  # stored after the lock was taken
        raise NotFound("quote", path)
    return quote, opportunities[quote.opportunity_id]


def _locking(condition: ColumnElement[bool]) -> Statement:
    return Statement(
        select(*_opportunity)
        .where(_opportunity.organization_id == bindparam("organization_id"), condition)
        .order_by(_opportunity.id)
        .with_for_update()
    )


_LOCK_ONE = _locking(_opportunity.id == bindparam("opportunity_id"))
_LOCK_SOME = _locking(InArray(_opportunity.id, "opportunity_ids"))

# A quote never moves to another opportunity, so that a snapshot from before the wait does no harm here.
_LOCK_OF_QUOTES = _locking(
    _opportunity.id.in_(
        select(_quote.opportunity_id).where(
            _quote.organization_id == bindparam("organization_id"), InArray(_quote.id, "quote_ids")
        )
    )
)
_QUOTE = Statement(
    select(
        *_quote,
        exists()
        .where(_line.organization_id == _quote.organization_id, _line.quote_id == _quote.id)
        .label("has_lines"),
    ).where(_quote.organization_id == bindparam("organization_id"), _quote.id == bindparam("quote_id"))
)
