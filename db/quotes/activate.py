"""Activate a draft: it becomes an offer, and blocks the closing of its opportunity."""

from db.audit.log import AuditAction, EventKind, record_change
from db.domain.caller import Caller
from db.domain.enums import QuoteState, QuoteStatusReason
from db.domain.errors import RuleViolation
from db.guards.idempotency import idempotent
from db.guards.locking import LockedQuote, lock_quote
from db.guards.preconditions import QUOTE_ID, REVISE, check_draft, require_found
from db.quotes.transitions import ChangedQuote, QuoteRef, QuoteTransition, apply_transitions
from db.sql.database import Transaction


@idempotent("activateQuote")
async def activate_quote(transaction: Transaction, caller: Caller, command: QuoteRef) -> ChangedQuote:
    """Activate a draft that has at least one line, on an open opportunity.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: the quote does not have the expected version.
        RuleViolation: the quote is not a draft or has no lines, or its opportunity is closed.
    """
    locked = await lock_quote(transaction, caller, command.quote_id)
    decision = decide_activation(locked, command)
    return await apply_activation(transaction, caller, decision)


def decide_activation(locked: LockedQuote | None, command: QuoteRef) -> QuoteTransition:
    """Return the transition; raises as ``activate_quote`` does."""
    locked = require_found(locked, "quote", QUOTE_ID)
    check_draft(locked, command.expected_version, "activated", {QuoteState.CLOSED: REVISE})
    if not locked.has_lines:
        message = f"{locked.quote.label} has no lines. Add one before you activate it."
        raise RuleViolation("QUOTE_WITHOUT_LINES", message, QUOTE_ID)
    return QuoteTransition(
        locked.quote, AuditAction.QUOTE_ACTIVATED, QuoteState.ACTIVE, QuoteStatusReason.ACTIVE_IN_PROGRESS
    )


async def apply_activation(
    transaction: Transaction, caller: Caller, decision: QuoteTransition
) -> ChangedQuote:
    """Write the new state, an audit entry and an event."""
    entries = await apply_transitions(transaction, caller, [decision])
    await record_change(
        transaction, caller, entries, EventKind.QUOTE_ACTIVATED, [decision.quote.opportunity_id]
    )
    return ChangedQuote(decision.quote.id)
