"""Delete a draft quote with its lines; its audit log stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff_deleted, record_change
from db.domain.caller import Caller
from db.domain.enums import QuoteState
from db.guards.idempotency import idempotent
from db.guards.locking import LockedQuote, QuoteRow, lock_quote
from db.guards.preconditions import QUOTE_ID, check_draft, require_found
from db.lines.line import Line, audit_values
from db.lines.storage import read_lines, replace_lines
from db.quotes.transitions import QuoteRef
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True)
class DeletedDraftQuote:
    """The draft that was deleted, and its opportunity."""

    quote_id: UUID
    opportunity_id: UUID


class DraftWithLines(NamedTuple):
    """A draft to delete, with its lines."""

    quote: QuoteRow
    lines: tuple[Line, ...]


_AUDITED = (
    "number",
    "revision",
    "name",
    "effective_from",
    "effective_to",
    "state",
    "status_reason",
    "total",
)

_quote = table_of(models.Quote)

_DELETE = Statement(
    delete(_quote).where(
        _quote.c.organization_id == bindparam("organization_id"),
        _quote.c.id == bindparam("quote_id"),
        _quote.c.state == QuoteState.DRAFT,
    )
)


@idempotent("deleteDraftQuote")
async def delete_draft_quote(
    transaction: Transaction, caller: Caller, command: QuoteRef
) -> DeletedDraftQuote:
    """Delete a draft of an open opportunity.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: the quote does not have the expected version.
        RuleViolation: the quote is not a draft, or its opportunity is closed.
    """
    locked = await lock_quote(transaction, caller, command.quote_id)
    lines = await read_lines(transaction, caller, command.quote_id)
    decision = decide_deletion(locked, lines, command)
    return await apply_deletion(transaction, caller, decision)


def decide_deletion(locked: LockedQuote | None, lines: Sequence[Line], command: QuoteRef) -> DraftWithLines:
    """Return the draft to delete; raises as ``delete_draft_quote`` does."""
    locked = require_found(locked, "quote", QUOTE_ID)
    check_draft(locked, command.expected_version, "deleted", {QuoteState.ACTIVE: "close it instead"})
    return DraftWithLines(locked.quote, tuple(lines))


async def apply_deletion(
    transaction: Transaction, caller: Caller, decision: DraftWithLines
) -> DeletedDraftQuote:
    """Delete the draft and its lines; write an audit entry and an event."""
    quote, lines = decision
    await replace_lines(transaction, caller, quote, before=lines, after=[])
    await transaction.update_exactly(_DELETE, organization_id=caller.organization_id, quote_id=quote.id)
    deleted = diff_deleted({name: getattr(quote, name) for name in _AUDITED} | audit_values(lines))
    entry = AuditEntry(AuditAction.QUOTE_DELETED, quote.id, quote.opportunity_id, deleted)
    await record_change(transaction, caller, [entry], EventKind.QUOTE_DELETED, [quote.opportunity_id])
    return DeletedDraftQuote(quote.id, quote.opportunity_id)
