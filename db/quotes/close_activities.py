"""Writing that quotes are closed: their state, and the activity that records it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, update

from db import models
from db.audit.log import AuditAction, AuditEntry
from db.domain.caller import Caller
from db.domain.enums import QuoteCloseReason, QuoteState
from db.domain.ids import new_id
from db.quotes.transitions import Transition, transition_quote
from db.sql.array_param import InArray
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True)
class QuoteCloseDetails:
    """What the activity that ends a quote says."""

    closed_on: date
    description: str | None = None


def with_closing_date(quotes: Iterable[Any], day: date) -> list[tuple[Any, date]]:
    """Say when quotes are closed along with something else: each on its day, but not before its creation."""
    return [(quote, max(day, quote.created_at.date())) for quote in quotes]


async def close_quotes_with_activities(
    transaction: Transaction,
    caller: Caller,
    quotes: Sequence[tuple[Any, date]],
    reason: QuoteCloseReason,
    description: str | None,
) -> list[AuditEntry]:
    """Close active and draft quotes, whose opportunities the caller has locked: rows, each with its day.

    Return what is left for the caller to record, in the same order.

    Raises:
        LostRace: a quote was neither active nor a draft any more.
    """
    values = {"organization_id": caller.organization_id, "reason": reason, "now": caller.now}
    await transaction.update_exactly(_CLOSE, len(quotes), ids=[quote.id for quote, _ in quotes], **values)
    activities = [_activity(caller, quote, reason, day, description) for quote, day in quotes]
    await transaction.execute_many(_INSERT_ACTIVITY, activities)
    return [_change(quote, reason, closed_on) for quote, closed_on in quotes]


async def close_with_activity(
    transaction: Transaction, caller: Caller, quote: Any, step: Transition, closing: QuoteCloseDetails
) -> AuditEntry:
    """Take one step that ends a quote, and write the activity that records it.

    Return what is left for the caller to record.

    Raises:
        LostRace: the quote was no longer in the state in which it was read.
    """
    change = await transition_quote(transaction, caller, quote, step)
    activity = _activity(caller, quote, step.status_reason, closing.closed_on, closing.description)
    await transaction.execute_many(_INSERT_ACTIVITY, [activity])
    return replace(change, values={**change.values, "closed_on": (None, closing.closed_on)})


def _activity(
    caller: Caller, quote: Any, reason: str, closed_on: date, description: str | None
) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "quote_id": quote.id,
        "reason": reason,
        "closed_on": closed_on,
        "description": description,
        "closed_by_id": caller.user_id,
        "created_at": caller.now,
    }


def _change(quote: Any, reason: QuoteCloseReason, closed_on: date) -> AuditEntry:
    return AuditEntry(
        AuditAction.QUOTE_CLOSED,
        quote.id,
        quote.opportunity_id,
        {
            "state": (quote.state, QuoteState.CLOSED),
            "status_reason": (quote.status_reason, reason),
            "closed_on": (None, closed_on),
        },
    )


_quote = table_of(models.Quote)

_CLOSE = Statement(
    update(_quote)
    .where(
        _quote.c.organization_id == bindparam("organization_id"),
        InArray(_quote.c.id, "ids"),
        or_(_quote.c.state == QuoteState.ACTIVE, _quote.c.state == QuoteState.DRAFT),
    )
    .values(
        state=QuoteState.CLOSED,
        status_reason=bindparam("reason"),
        version=_quote.c.version + 1,
        updated_at=bindparam("now"),
    )
)
_INSERT_ACTIVITY = insert_statement(models.QuoteClose)
