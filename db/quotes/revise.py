"""Revising a quote: it is replaced by a draft with the same number and lines, one revision on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, record_change
from db.domain.caller import Caller
from db.domain.enums import QuoteState, QuoteStatusReason
from db.domain.errors import RuleViolation
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_quote
from db.guards.preconditions import check_opportunity_of_quote, check_quote_state, check_version
from db.lines.rows import read_lines
from db.quotes.close_activities import QuoteCloseDetails, close_with_activity
from db.quotes.create import check_not_deleted, insert_draft
from db.quotes.transitions import QUOTE_ID, ChangedQuote, QuoteRef, Transition, quote_label
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True)
class RevisedQuote:
    """A quote, closed, and the draft that replaces it."""

    quote_id: UUID
    draft_id: UUID


async def revise_quote(transaction: Transaction, caller: Caller, sent: QuoteRef) -> RevisedQuote:
    """Close an active quote as revised, or take a closed one; draft the next revision with its lines.

    The next revision is one more than the highest that the number has.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: it is not at the expected version.
        RuleViolation: it is a draft or won, another revision is a draft or active, or its opportunity is
            closed.
    """
    return await _REVISE_QUOTE.run(transaction, caller, sent, lambda: _revise(transaction, caller, sent))


async def _revise(transaction: Transaction, caller: Caller, sent: QuoteRef) -> RevisedQuote:
    quote, opportunity = await lock_quote(transaction, caller, sent.quote_id, QUOTE_ID)
    why = "only an active or a closed quote can be revised. A draft can be edited; a won quote stays."
    check_quote_state(quote, {QuoteState.ACTIVE, QuoteState.CLOSED}, "QUOTE_NOT_REVISABLE", why)
    check_opportunity_of_quote(quote, opportunity)
    check_version("quote", quote, sent.expected_version)
    revisions = await transaction.rows(
        _REVISIONS, organization_id=caller.organization_id, number=quote.number
    )
    _check_no_other_is_live(quote, revisions)
    lines = await read_lines(transaction, caller, quote.id)
    values = {name: getattr(quote, name) for name in ("number", "name", "effective_from", "effective_to")}
    values["revision"] = max(each.revision for each in revisions) + 1
    closed = await _close(transaction, caller, quote)
    drafted = await insert_draft(transaction, caller, opportunity, values, lines)
    await record_change(transaction, caller, [closed, drafted], EventKind.QUOTE_REVISED, [opportunity.id])
    return RevisedQuote(quote.id, drafted.subject_id)


def _check_no_other_is_live(quote: Any, revisions: Sequence[Any]) -> None:
    for each in revisions:
        if each.id != quote.id and each.state in {QuoteState.DRAFT, QuoteState.ACTIVE}:
            raise RuleViolation(
                "ANOTHER_REVISION_LIVE",
                f"{quote_label(each)} is {each.state.lower()}, and a number has one live revision. Go on with"
                " that one.",
                QUOTE_ID,
            )


async def _close(transaction: Transaction, caller: Caller, quote: Any) -> AuditEntry:
    if quote.state == QuoteState.CLOSED:
        return AuditEntry(AuditAction.QUOTE_REVISED, quote.id, quote.opportunity_id, {})
    return await close_with_activity(transaction, caller, quote, _REVISION, QuoteCloseDetails(caller.today))


async def _check_not_deleted(transaction: Transaction, caller: Caller, first: RevisedQuote) -> None:
    await check_not_deleted(transaction, caller, ChangedQuote(first.draft_id))


_REVISE_QUOTE = IdempotentOperation("reviseQuote", RevisedQuote, check_replay=_check_not_deleted)
_REVISION = Transition(AuditAction.QUOTE_REVISED, QuoteState.CLOSED, QuoteStatusReason.REVISED)

_quote = table_of(models.Quote).c

_REVISIONS = Statement(
    select(_quote.id, _quote.number, _quote.revision, _quote.state)
    .where(_quote.organization_id == bindparam("organization_id"), _quote.number == bindparam("number"))
    .order_by(_quote.revision)
)
