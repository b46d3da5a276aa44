"""Which rows a rule locks, and in which order: opportunities alone, by their ids.

A rule that touches an opportunity or its quotes locks the opportunity first. On PostgreSQL a statement that
has waited for a lock sees the locked row as it is now and everything else as it was before the wait. So
quotes are read by a later statement, never by the one that locks. On SQLite a writer is alone already.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select

from db import models
from db.caller import Caller
from db.database import Transaction
from db.errors import NotFound, Path
from db.membership import Among
from db.statements import Statement

_opportunity = models.Opportunity.__table__.c  # type: ignore[attr-defined]
_quote = models.Quote.__table__.c  # type: ignore[attr-defined]


async def lock_opportunity(transaction: Transaction, caller: Caller, opportunity_id: UUID, path: Path) -> Any:
    """Lock and return what closing needs of one opportunity: see ``_locking`` for the columns.

    Raises:
        NotFound: the caller's organization has no such opportunity; ``path`` is where its id was sent.
    """
    values = {"organization_id": caller.organization_id, "opportunity_id": opportunity_id}
    opportunity = await transaction.row(_LOCK_ONE, **values)
    if opportunity is None:
        raise NotFound("opportunity", path)
    return opportunity


async def lock_opportunities_of(
    transaction: Transaction, caller: Caller, quote_ids: tuple[UUID, ...]
) -> dict[UUID, Any]:
    """Lock the opportunities of some quotes and return them by their ids; a missing quote adds none."""
    opportunities = await transaction.rows(
        _LOCK_OF_QUOTES, organization_id=caller.organization_id, quote_ids=quote_ids
    )
    return {opportunity.id: opportunity for opportunity in opportunities}


def _locking(condition: ColumnElement[bool]) -> Statement:
    return Statement(
        select(
            _opportunity.id,
            _opportunity.state,
            _opportunity.version,
            _opportunity.estimated_revenue,
            _opportunity.currency_code,
            _opportunity.created_at,
        )
        .where(_opportunity.organization_id == bindparam("organization_id"), condition)
        .order_by(_opportunity.id)
        .with_for_update()
    )


_LOCK_ONE = _locking(_opportunity.id == bindparam("opportunity_id"))

# A quote never moves to another opportunity, so that a snapshot from before the wait does no harm here.
_LOCK_OF_QUOTES = _locking(
    _opportunity.id.in_(
        select(_quote.opportunity_id).where(
            _quote.organization_id == bindparam("organization_id"), Among(_quote.id, "quote_ids")
        )
    )
)
