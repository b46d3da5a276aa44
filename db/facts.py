"""What a closing is judged by: the reason and competitor it names, and the opportunity's quotes."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, or_, select

from db import models
from db.caller import Caller
from db.database import Transaction
from db.statements import Statement
from db.states import QuoteState, SeededReason


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of one statement, read under the opportunity's lock.

    ``reason`` is None where there is no such reason. ``quotes`` are all but the closed ones, by number and
    revision.
    """

    reason: Any
    competitor_exists: bool
    quotes: tuple[Any, ...]


async def read_facts(
    transaction: Transaction,
    caller: Caller,
    opportunity_id: UUID,
    reason: UUID | SeededReason,
    competitor_id: UUID | None,
) -> Facts:
    """Read, in the caller's organization, one reason by its id or Dataverse code and what goes with it."""
    is_seeded = isinstance(reason, SeededReason)
    rows = await transaction.rows(
        _READ,
        organization_id=caller.organization_id,
        opportunity_id=opportunity_id,
        reason_id=None if is_seeded else reason,
        reason_code=reason if is_seeded else None,
        competitor_id=competitor_id,
    )
    if not rows:
        return Facts(reason=None, competitor_exists=False, quotes=())
    return Facts(rows[0], rows[0].competitor_exists, tuple(row for row in rows if row.id is not None))


_reason = models.StatusReason.__table__  # type: ignore[attr-defined]
_quote = models.Quote.__table__  # type: ignore[attr-defined]
_competitor = models.Competitor.__table__.c  # type: ignore[attr-defined]

# The reason with each quote, or once with an empty quote: one round trip instead of three.
_READ = Statement(
    select(
        _reason.c.id.label("reason_id"),
        _reason.c.state.label("reason_state"),
        _reason.c.label,
        _reason.c.description_required,
        _reason.c.competitor_required,
        _reason.c.retired_at,
        exists()
        .where(
            _competitor.organization_id == bindparam("organization_id"),
            _competitor.id == bindparam("competitor_id"),
        )
        .label("competitor_exists"),
        _quote.c.id,
        _quote.c.opportunity_id,
        _quote.c.number,
        _quote.c.revision,
        _quote.c.state,
        _quote.c.status_reason,
        _quote.c.total,
        _quote.c.effective_to,
        _quote.c.created_at,
    )
    .select_from(_reason)
    .outerjoin(
        _quote,
        and_(
            _quote.c.organization_id == _reason.c.organization_id,
            _quote.c.opportunity_id == bindparam("opportunity_id"),
            _quote.c.state != QuoteState.CLOSED,
        ),
    )
    .where(
        _reason.c.organization_id == bindparam("organization_id"),
        or_(_reason.c.id == bindparam("reason_id"), _reason.c.code == bindparam("reason_code")),
    )
    .order_by(_quote.c.number, _quote.c.revision)
)
