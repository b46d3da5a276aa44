"""State transitions of quotes, with the activities that record that a quote is closed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, update

from db import models
from db.audit.log import AuditAction, AuditEntry
from db.domain.caller import Caller
from db.domain.enums import QuoteCloseReason, QuoteState, QuoteStatusReason
from db.domain.ids import new_id
from db.guards.locking import QuoteRow
from db.sql.array_param import InArray
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRef:
    """The command of an operation that needs nothing but a quote."""

    quote_id: UUID
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedQuote:
    """The quote that was created or changed."""

    quote_id: UUID


class QuoteTransition(NamedTuple):
    """The transition of a quote to another state; with ``closed_on``, a close activity records it."""

    quote: QuoteRow
    action: AuditAction
    state: QuoteState
    status_reason: QuoteStatusReason
    closed_on: date | None = None
    description: str | None = None


_quote = table_of(models.Quote)

_TRANSITION = Statement(
    update(_quote)
    .where(
        _quote.c.organization_id == bindparam("organization_id"),
        InArray(_quote.c.id, "ids"),
        InArray(_quote.c.state, "old_states"),
    )
    .values(
        state=bindparam("new_state"),
        status_reason=bindparam("reason"),
        version=_quote.c.version + 1,
        updated_at=bindparam("now"),
    )
)
_INSERT_ACTIVITY = insert_statement(models.QuoteClose)


def close_transition(
    quote: QuoteRow, reason: QuoteCloseReason, closed_on: date, description: str | None
) -> QuoteTransition:
    """Return the transition that closes an active quote or a draft."""
    return QuoteTransition(
        quote,
        AuditAction.QUOTE_CLOSED,
        QuoteState.CLOSED,
        QuoteStatusReason(reason),
        closed_on,
        description,
    )


def close_along(
    quotes: Iterable[QuoteRow], reason: QuoteCloseReason, closed_on: date, description: str | None = None
) -> tuple[QuoteTransition, ...]:
    """Return the transitions that close quotes along with their opportunity, or with the quote that is won.

    A quote that was created after ``closed_on`` is closed on the date of its creation.
    """
    return tuple(
        close_transition(quote, reason, max(closed_on, quote.created_at.date()), description)
        for quote in quotes
    )


async def apply_transitions(
    transaction: Transaction, caller: Caller, transitions: Sequence[QuoteTransition]
) -> list[AuditEntry]:
    """Apply transitions to the same state and status reason; return the audit entries to record.

    The opportunities of the quotes are locked.

    Raises:
        ConcurrentWrite: a quote is no longer in the state in which it was read.
    """
    if not transitions:
        return []
    await transaction.update_exactly(
        _TRANSITION,
        len(transitions),
        organization_id=caller.organization_id,
        ids=[each.quote.id for each in transitions],
        old_states=list({each.quote.state for each in transitions}),
        new_state=transitions[0].state,
        reason=transitions[0].status_reason,
        now=caller.now,
    )
    activities = [
        {
            "organization_id": caller.organization_id,
            "id": new_id(),
            "quote_id": each.quote.id,
            "reason": each.status_reason,
            "closed_on": each.closed_on,
            "description": each.description,
            "closed_by_id": caller.user_id,
            "created_at": caller.now,
        }
        for each in transitions
        if each.closed_on is not None
    ]
    if activities:
        await transaction.execute_many(_INSERT_ACTIVITY, activities)
    return [_audit_entry(each) for each in transitions]


def _audit_entry(transition: QuoteTransition) -> AuditEntry:
    quote = transition.quote
    changes = {
        "state": (quote.state, transition.state),
        "status_reason": (quote.status_reason, transition.status_reason),
        "closed_on": (None, transition.closed_on),
    }
    return AuditEntry(transition.action, quote.id, quote.opportunity_id, changes)
