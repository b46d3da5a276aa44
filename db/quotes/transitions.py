"""One quote: how a mutation names it, and how it gets another state."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update

from db import models
from db.audit.log import AuditAction, AuditEntry
from db.domain.caller import Caller
from db.domain.enums import QuoteState, QuoteStatusReason
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

QUOTE_ID = ("input", "quoteId")
"""Where a mutation of one quote takes its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRef:
    """Which quote to do something to about which no more needs to be said."""

    quote_id: UUID
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedQuote:
    """The quote to which something was done."""

    quote_id: UUID


def quote_label(quote: Any) -> str:
    """Return how people name a quote."""
    return f"{quote.number} rev {quote.revision}"


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one state to the next."""

    action: AuditAction
    state: QuoteState
    status_reason: QuoteStatusReason


async def transition_quote(
    transaction: Transaction, caller: Caller, quote: Any, step: Transition
) -> AuditEntry:
    """Give a quote, whose opportunity the caller has locked, its next state; return what is left to record.

    Raises:
        LostRace: it was no longer in the state in which it was read.
    """
    await transaction.update_exactly(
        _MOVE,
        organization_id=caller.organization_id,
        quote_id=quote.id,
        left=quote.state,
        reached=step.state,
        reason=step.status_reason,
        now=caller.now,
    )
    changed = {"state": (quote.state, step.state), "status_reason": (quote.status_reason, step.status_reason)}
    return AuditEntry(step.action, quote.id, quote.opportunity_id, changed)


_quote = table_of(models.Quote)

_MOVE = Statement(
    update(_quote)
    .where(
        _quote.c.organization_id == bindparam("organization_id"),
        _quote.c.id == bindparam("quote_id"),
        _quote.c.state == bindparam("left"),
    )
    .values(
        state=bindparam("reached"),
        status_reason=bindparam("reason"),
        version=_quote.c.version + 1,
        updated_at=bindparam("now"),
    )
)
