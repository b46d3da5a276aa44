"""Drafting quotes: a draft is created, empty or with the lines of another quote, or deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff_created, diff_deleted, record_change
from db.domain.caller import Caller
from db.domain.enums import QuoteState, QuoteStatusReason
from db.domain.errors import NotFound, RuleViolation
from db.domain.ids import new_id
from db.domain.validation import Validator, validate_fields, validate_text
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_opportunity, lock_quote
from db.guards.preconditions import OPPORTUNITY_ID, check_draft, check_open
from db.lines.draft import validate_total
from db.lines.rows import Line, audit_values, copy_lines, insert_lines, read_lines, replace_lines
from db.quotes.numbers import check_number_free, next_number
from db.quotes.transitions import QUOTE_ID, ChangedQuote, QuoteRef, quote_label
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateQuote:
    """A new quote: empty, or with the lines of ``copy_lines_from``. The next number is its, unless sent."""

    opportunity_id: UUID
    name: str
    number: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    copy_lines_from: UUID | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class DeletedDraftQuote:
    """A draft that is gone, and the opportunity that it was an offer on."""

    quote_id: UUID
    opportunity_id: UUID


async def create_quote(transaction: Transaction, caller: Caller, draft: CreateQuote) -> ChangedQuote:
    """Create a draft, revision 0, on an open opportunity.

    Raises:
        NotFound: the caller's organization has no such opportunity, or no such quote to copy.
        OpportunityAlreadyClosed: the opportunity is won or lost.
        RuleViolation: any other rule about what was sent; the code says which.
    """
    limited = validate_fields({name: getattr(draft, name) for name in _LIMITS}, _LIMITS, ("input",))
    draft = replace(draft, **limited)
    check_effective_dates(draft.effective_from, draft.effective_to)
    return await _CREATE_QUOTE.run(transaction, caller, draft, lambda: _create(transaction, caller, draft))


async def delete_draft_quote(transaction: Transaction, caller: Caller, sent: QuoteRef) -> DeletedDraftQuote:
    """Delete a draft of an open opportunity, with its lines. Its history stays.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: it is not at the expected version.
        RuleViolation: it is no draft, or its opportunity is closed.
    """
    return await _DELETE_DRAFT_QUOTE.run(
        transaction, caller, sent, lambda: _delete(transaction, caller, sent)
    )


def check_effective_dates(effective_from: date | None, effective_to: date | None) -> None:
    """Check that an offer doesn't end before it begins; either end may be open.

    Raises:
        RuleViolation: it does.
    """
    if effective_from is not None and effective_to is not None and effective_to < effective_from:
        raise RuleViolation(
            "EFFECTIVE_DATES_REVERSED",
            f"The offer ends on {effective_to}, before it begins on {effective_from}. Send a later end.",
            ("input", "effectiveTo"),
        )


async def check_not_deleted(transaction: Transaction, caller: Caller, first: ChangedQuote) -> None:
    """Check that a quote to which something was done once is still there to be shown.

    Raises:
        RuleViolation: it was a draft and has been deleted.
    """
    if not await transaction.rows(_READ, organization_id=caller.organization_id, quote_id=first.quote_id):
        raise RuleViolation(
            "QUOTE_DELETED",
            "This key was sent before, and the draft that it led to was deleted since. Send a new key.",
            ("input", "idempotencyKey"),
        )


async def insert_draft(
    transaction: Transaction, caller: Caller, opportunity: Any, values: dict[str, Any], lines: Sequence[Line]
) -> AuditEntry:
    """Insert a draft on an open opportunity that the caller has locked; return what is left to record.

    ``values`` are number, revision, name and effective dates.
    """
    quote_id = new_id()
    values = {
        **values,
        "state": QuoteState.DRAFT,
        "status_reason": QuoteStatusReason.DRAFT_IN_PROGRESS,
        "total": validate_total(lines, ("input",)),
    }
    quote = {"opportunity_id": opportunity.id, "currency_code": opportunity.currency_code, "version": 1}
    key = {"organization_id": caller.organization_id, "id": quote_id}
    await transaction.execute(_INSERT, **key, **quote, **values, created_at=caller.now, updated_at=caller.now)
    await insert_lines(
        transaction, caller, copy_lines(lines), quote_id=quote_id, currency_code=opportunity.currency_code
    )
    history = diff_created({**values, **audit_values(lines)})
    return AuditEntry(AuditAction.QUOTE_CREATED, quote_id, opportunity.id, history)


async def _create(transaction: Transaction, caller: Caller, draft: CreateQuote) -> ChangedQuote:
    opportunity = await lock_opportunity(transaction, caller, draft.opportunity_id, OPPORTUNITY_ID)
    check_open(opportunity)
    lines = await _lines_to_copy(transaction, caller, draft.copy_lines_from, opportunity)
    values = {
        "number": await _number(transaction, caller, draft.number),
        "revision": 0,
        "name": draft.name,
        "effective_from": draft.effective_from,
        "effective_to": draft.effective_to,
    }
    change = await insert_draft(transaction, caller, opportunity, values, lines)
    await record_change(transaction, caller, [change], EventKind.QUOTE_CREATED, [opportunity.id])
    return ChangedQuote(change.subject_id)


async def _lines_to_copy(
    transaction: Transaction, caller: Caller, quote_id: UUID | None, opportunity: Any
) -> list[Line]:
    if quote_id is None:
        return []
    path = ("input", "copyLinesFrom")
    quote = await transaction.row(_READ, organization_id=caller.organization_id, quote_id=quote_id)
    if quote is None:
        raise NotFound("quote", path)
    if quote.currency_code != opportunity.currency_code:
        raise RuleViolation(
            "QUOTE_IN_ANOTHER_CURRENCY",
            f"{quote_label(quote)} is in {quote.currency_code}, the opportunity in"
            f" {opportunity.currency_code}. Copy a quote in the same currency.",
            path,
        )
    return await read_lines(transaction, caller, quote_id)


async def _number(transaction: Transaction, caller: Caller, sent: str | None) -> str:
    if sent is None:
        return await next_number(transaction, caller)
    await check_number_free(transaction, caller, sent)
    return sent


async def _delete(transaction: Transaction, caller: Caller, sent: QuoteRef) -> DeletedDraftQuote:
    quote, opportunity = await lock_quote(transaction, caller, sent.quote_id, QUOTE_ID)
    why = "only a draft can be deleted. Close it instead, or leave it."
    check_draft(quote, opportunity, sent.expected_version, why)
    lines = await read_lines(transaction, caller, quote.id)
    await replace_lines(transaction, caller, quote, lines, [])
    key = {"organization_id": caller.organization_id, "quote_id": quote.id}
    await transaction.update_exactly(_DELETE, **key)
    held = {name: getattr(quote, name) for name in _HISTORY} | audit_values(lines)
    change = AuditEntry(AuditAction.QUOTE_DELETED, quote.id, opportunity.id, diff_deleted(held))
    await record_change(transaction, caller, [change], EventKind.QUOTE_DELETED, [opportunity.id])
    return DeletedDraftQuote(quote.id, opportunity.id)


_CREATE_QUOTE = IdempotentOperation("createQuote", ChangedQuote, check_replay=check_not_deleted)
_DELETE_DRAFT_QUOTE = IdempotentOperation("deleteDraftQuote", DeletedDraftQuote)

_LIMITS: dict[str, Validator] = {"name": validate_text, "number": validate_text}
_HISTORY = (
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
_this = (
    _quote.c.organization_id == bindparam("organization_id"),
    _quote.c.id == bindparam("quote_id"),
)

_READ = Statement(select(_quote.c.number, _quote.c.revision, _quote.c.currency_code).where(*_this))
_INSERT = insert_statement(models.Quote)
_DELETE = Statement(delete(_quote).where(*_this, _quote.c.state == QuoteState.DRAFT))
