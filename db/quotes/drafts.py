"""Draft quotes: what creating, updating and revising share."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import AuditAction, AuditEntry, diff_created
from db.domain.caller import Caller
from db.domain.enums import QuoteState, QuoteStatusReason
from db.domain.errors import RuleViolation
from db.domain.ids import new_id
from db.domain.validation import Problems
from db.lines.line import Line, audit_values, copy_lines
from db.lines.storage import insert_lines
from db.quotes.numbers import next_number
from db.quotes.transitions import ChangedQuote
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDraft:
    """A draft to insert: its number is generated if it is None, its lines are copies of ``lines``."""

    opportunity_id: UUID
    currency_code: str
    number: str | None
    revision: int
    name: str
    effective_from: date | None
    effective_to: date | None
    total: Decimal
    lines: tuple[Line, ...]


_quote = table_of(models.Quote).c

_FIND = Statement(
    select(_quote.id).where(
        _quote.organization_id == bindparam("organization_id"), _quote.id == bindparam("quote_id")
    )
)
_INSERT = insert_statement(models.Quote)


def validate_effective_dates(
    problems: Problems, effective_from: date | None, effective_to: date | None
) -> None:
    """Check that the last effective date is not before the first one; each of them can be None."""
    if effective_from is not None and effective_to is not None and effective_to < effective_from:
        problems.add(
            "EFFECTIVE_DATES_REVERSED",
            f"The offer ends on {effective_to}, before it begins on {effective_from}. Send a later end.",
            ("input", "effectiveTo"),
        )


async def insert_draft(transaction: Transaction, caller: Caller, draft: NewDraft) -> AuditEntry:
    """Insert a draft of an open opportunity, which is locked; return the audit entry to record."""
    quote_id = new_id()
    values = {
        "number": draft.number or await next_number(transaction, caller),
        "revision": draft.revision,
        "name": draft.name,
        "effective_from": draft.effective_from,
        "effective_to": draft.effective_to,
        "state": QuoteState.DRAFT,
        "status_reason": QuoteStatusReason.DRAFT_IN_PROGRESS,
        "total": draft.total,
    }
    await transaction.execute(
        _INSERT,
        organization_id=caller.organization_id,
        id=quote_id,
        opportunity_id=draft.opportunity_id,
        currency_code=draft.currency_code,
        version=1,
        created_at=caller.now,
        updated_at=caller.now,
        **values,
    )
    await insert_lines(
        transaction, caller, copy_lines(draft.lines), quote_id=quote_id, currency_code=draft.currency_code
    )
    created = diff_created({**values, **audit_values(draft.lines)})
    return AuditEntry(AuditAction.QUOTE_CREATED, quote_id, draft.opportunity_id, created)


async def check_not_deleted(transaction: Transaction, caller: Caller, outcome: ChangedQuote) -> None:
    """Check that the quote of a replayed outcome still exists, so that it can be returned.

    Raises:
        RuleViolation: the quote was a draft and has been deleted.
    """
    key = {"organization_id": caller.organization_id, "quote_id": outcome.quote_id}
    if not await transaction.rows(_FIND, **key):
        raise RuleViolation(
            "QUOTE_DELETED",
            "This key was sent before, and the draft of that request was deleted since. Send a new key.",
            ("input", "idempotencyKey"),
        )
