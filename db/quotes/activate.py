"""Activating a draft: from then on it is offered, and blocks the closing of its opportunity."""

from typing import Any

from db.audit.log import Action, EventKind, record
from db.domain.caller import Caller
from db.domain.enums import QuoteState, QuoteStatusReason
from db.domain.errors import RuleViolation
from db.guards.idempotency import Mutation
from db.guards.locking import lock_quote
from db.guards.preconditions import check_draft
from db.quotes.transitions import QUOTE_ID, OneQuote, QuoteChanged, Step, move_quote, quote_name
from db.sql.database import Transaction


async def activate_quote(transaction: Transaction, caller: Caller, sent: OneQuote) -> QuoteChanged:
    """Make a draft with at least one line active; its opportunity must be open.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: it is not at the expected version.
        RuleViolation: it is no draft, has no lines, or its opportunity is closed.
    """
    return await _ACTIVATE_QUOTE.once(transaction, caller, sent, lambda: _activate(transaction, caller, sent))


async def _activate(transaction: Transaction, caller: Caller, sent: OneQuote) -> QuoteChanged:
    quote, opportunity = await lock_quote(transaction, caller, sent.quote_id, QUOTE_ID)
    _check(quote, opportunity, sent.expected_version)
    change = await move_quote(transaction, caller, quote, _ACTIVATION)
    await record(transaction, caller, [change], EventKind.QUOTE_ACTIVATED, [opportunity.id])
    return QuoteChanged(quote.id)


def _check(quote: Any, opportunity: Any, expected_version: int | None) -> None:
    check_draft(quote, opportunity, expected_version, "only a draft can be activated. Choose a draft.")
    if not quote.has_lines:
        message = f"{quote_name(quote)} has no lines. Add one before you activate it."
        raise RuleViolation("QUOTE_WITHOUT_LINES", message, QUOTE_ID)


_ACTIVATION = Step(Action.QUOTE_ACTIVATED, QuoteState.ACTIVE, QuoteStatusReason.ACTIVE_IN_PROGRESS)
_ACTIVATE_QUOTE = Mutation("activateQuote", QuoteChanged)
