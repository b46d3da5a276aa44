"""What a closing is judged by: the opportunity, its quotes, and the reason and competitor that it names."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, or_, select

from db import models
from db.domain.caller import Caller
from db.domain.enums import SeededReason
from db.domain.errors import NotFound, Path
from db.models.ddl.unclosed_quotes import unclosed_quotes
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True)
class ClosingRefs:
    """What a closing names: a reason, by its id or Dataverse code, and a competitor."""

    reason: UUID | SeededReason
    competitor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LockedOpportunity:
    """What a closing needs to know of an opportunity."""

    id: UUID
    state: str
    status_reason_id: UUID
    estimated_revenue: Decimal
    currency_code: str
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClosingContext:
    """Rows of one statement, as they are under the opportunity's lock.

    ``reason`` is None where there is no such reason. ``quotes`` are all but the closed ones, by number and
    revision.
    """

    opportunity: LockedOpportunity
    reason: Any
    competitor_exists: bool
    quotes: tuple[Any, ...]


async def lock_opportunity_with_quotes(
    transaction: Transaction, caller: Caller, opportunity_id: UUID, path: Path
) -> tuple[LockedOpportunity, tuple[Any, ...]]:
    """Lock an opportunity, and read with it its quotes, as ``ClosingContext`` have them.

    Raises:
        NotFound: the caller's organization has no such opportunity; ``path`` is where its id was sent.
    """
    rows = await transaction.rows(
        _LOCK, organization_id=caller.organization_id, opportunity_id=opportunity_id
    )
    return _opportunity_of(rows, path), _quotes_of(rows)


async def load_closing_context(
    transaction: Transaction, caller: Caller, opportunity_id: UUID, path: Path, named: ClosingRefs
) -> ClosingContext:
    """Lock an opportunity, and read with it what a closing depends on.

    Raises as ``lock_opportunity_with_quotes``.
    """
    is_seeded = isinstance(named.reason, SeededReason)
    rows = await transaction.rows(
        _LOCK_WITH_NAMED,
        organization_id=caller.organization_id,
        opportunity_id=opportunity_id,
        reason_id=None if is_seeded else named.reason,
        reason_code=named.reason if is_seeded else None,
        competitor_id=named.competitor_id,
    )
    opportunity = _opportunity_of(rows, path)
    reason = rows[0] if rows[0].reason_id else None
    return ClosingContext(opportunity, reason, rows[0].competitor_exists, _quotes_of(rows))


def _opportunity_of(rows: Sequence[Any], path: Path) -> LockedOpportunity:
    if not rows:
        raise NotFound("opportunity", path)
    return LockedOpportunity(*rows[0][: len(_KNOWN)])


def _quotes_of(rows: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(row for row in rows if row.id is not None)


_opportunity = table_of(models.Opportunity).c
_reason = table_of(models.StatusReason)
_competitor = table_of(models.Competitor).c

_KNOWN = [field.name for field in fields(LockedOpportunity)]
_locked = (
    select(_opportunity.organization_id, *(_opportunity[name] for name in _KNOWN))
    .where(
        _opportunity.organization_id == bindparam("organization_id"),
        _opportunity.id == bindparam("opportunity_id"),
    )
    .with_for_update()
    .subquery("locked")
)
_quote = unclosed_quotes(table_of(models.Quote), _locked)

# Everything with each quote, or once with an empty quote: one round trip instead of four.
_lock = (
    select(
        *(_locked.c[name].label(f"opportunity_{name}") for name in _KNOWN),
        _quote.c.id,
        _quote.c.number,
        _quote.c.revision,
        _quote.c.state,
        _quote.c.status_reason,
        _quote.c.total,
        _quote.c.effective_to,
        _quote.c.created_at,
    )
    .select_from(_locked)
    .outerjoin(
        _quote,
        and_(
            _quote.c.organization_id == _locked.c.organization_id,
            _quote.c.opportunity_id == _locked.c.id,
        ),
    )
    .order_by(_quote.c.number, _quote.c.revision)
)
_LOCK = Statement(_lock)
_LOCK_WITH_NAMED = Statement(
    _lock.add_columns(
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
    ).outerjoin(
        _reason,
        and_(
            _reason.c.organization_id == _locked.c.organization_id,
            or_(_reason.c.id == bindparam("reason_id"), _reason.c.code == bindparam("reason_code")),
        ),
    )
)
