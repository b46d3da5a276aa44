"""Activating a draft: from then on it is offered, and blocks the closing of its opportunity."""

from typing import Any

from db.audit.log import AuditAction, EventKind, record_change
from db.domain.caller import Caller
from db.domain.enums import QuoteState, QuoteStatusReason
from db.domain.errors import RuleViolation
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_quote
from db.guards.preconditions import check_draft
from db.quotes.transitions import QUOTE_ID, ChangedQuote, QuoteRef, Transition, quote_label, transition_quote
from db.sql.database import Transaction


async def activate_quote(transaction: Transaction, caller: Caller, sent: QuoteRef) -> ChangedQuote:
    """Make a draft with at least one line active; its opportunity must be open.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: it is not at the expected version.
        RuleViolation: it is no draft, has no lines, or its opportunity is closed.
    """
    return await _ACTIVATE_QUOTE.run(transaction, caller, sent, lambda: _activate(transaction, caller, sent))


async def _activate(transaction: Transaction, caller: Caller, sent: QuoteRef) -> ChangedQuote:
    quote, opportunity = await lock_quote(transaction, caller, sent.quote_id, QUOTE_ID)
    _check(quote, opportunity, sent.expected_version)
    change = await transition_quote(transaction, caller, quote, _ACTIVATION)
    await record_change(transaction, caller, [change], EventKind.QUOTE_ACTIVATED, [opportunity.id])
    return ChangedQuote(quote.id)


def _check(quote: Any, opportunity: Any, expected_version: int | None) -> None:
    check_draft(quote, opportunity, expected_version, "only a draft can be activated. Choose a draft.")
    if not quote.has_lines:
        message = f"{quote_label(quote)} has no lines. Add one before you activate it."
        raise RuleViolation("QUOTE_WITHOUT_LINES", message, QUOTE_ID)


_ACTIVATION = Transition(AuditAction.QUOTE_ACTIVATED, QuoteState.ACTIVE, QuoteStatusReason.ACTIVE_IN_PROGRESS)
_ACTIVATE_QUOTE = IdempotentOperation("activateQuote", ChangedQuote)
