"""Revise a quote: close it, and create a draft with the same number and lines and the next revision."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, record_change
from db.domain.caller import Caller
from db.domain.enums import QuoteState, QuoteStatusReason
from db.domain.errors import RuleViolation, quote_label
from db.domain.validation import Problems
from db.guards.idempotency import idempotent
from db.guards.locking import LockedQuote, QuoteRow, lock_quote
from db.guards.preconditions import (
    QUOTE_ID,
    check_opportunity_of_quote,
    check_quote_state,
    check_version,
    require_found,
)
from db.lines.line import Line, validate_total
from db.lines.storage import read_lines
from db.quotes.drafts import NewDraft, check_not_deleted, insert_draft
from db.quotes.transitions import ChangedQuote, QuoteRef, QuoteTransition, apply_transitions
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True)
class RevisedQuote:
    """The closed quote, and the draft that replaces it."""

    quote_id: UUID
    draft_id: UUID


class Revision(NamedTuple):
    """A quote with the same number."""

    id: UUID
    number: str
    revision: int
    state: str


@dataclass(frozen=True, slots=True)
class RevisionContext:
    """What revising a quote depends on: the quote, its lines, and all quotes with its number."""

    locked: LockedQuote
    lines: tuple[Line, ...]
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class RevisionDecision:
    """The quote to revise, its transition (None if it is closed already), and the draft to insert."""

    quote: QuoteRow
    transition: QuoteTransition | None
    draft: NewDraft


_quote = table_of(models.Quote).c

_READ_REVISIONS = Statement(
    select(*(_quote[name] for name in Revision._fields))
    .where(_quote.organization_id == bindparam("organization_id"), _quote.number == bindparam("number"))
    .order_by(_quote.revision),
    Revision,
)


async def _check_draft_not_deleted(transaction: Transaction, caller: Caller, outcome: RevisedQuote) -> None:
    await check_not_deleted(transaction, caller, ChangedQuote(outcome.draft_id))


@idempotent("reviseQuote", check_replay=_check_draft_not_deleted)
async def revise_quote(transaction: Transaction, caller: Caller, command: QuoteRef) -> RevisedQuote:
    """Replace an active or closed quote by a draft; an active one is closed as revised.

    The revision of the draft is the highest revision of the number, plus 1.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: the quote does not have the expected version.
        RuleViolation: the quote is a draft or won, another revision is a draft or active, or the opportunity
            is closed.
    """
    context = await load_revision_context(transaction, caller, command)
    decision = decide_revision(context, command, caller)
    return await apply_revision(transaction, caller, decision)


async def load_revision_context(
    transaction: Transaction, caller: Caller, command: QuoteRef
) -> RevisionContext | None:
    """Lock the opportunity; load quote, lines and revisions, or None if there is no such quote."""
    locked = await lock_quote(transaction, caller, command.quote_id)
    if locked is None:
        return None
    revisions = await transaction.rows(
        _READ_REVISIONS, organization_id=caller.organization_id, number=locked.quote.number
    )
    lines = await read_lines(transaction, caller, command.quote_id)
    return RevisionContext(locked, tuple(lines), tuple(revisions))


def decide_revision(context: RevisionContext | None, command: QuoteRef, caller: Caller) -> RevisionDecision:
    """Return how the quote is revised; raises as ``revise_quote`` does."""
    context = require_found(context, "quote", QUOTE_ID)
    quote = context.locked.quote
    check_quote_state(
        context.locked,
        {QuoteState.ACTIVE, QuoteState.CLOSED},
        "QUOTE_NOT_REVISABLE",
        "only an active or a closed quote can be revised",
        {QuoteState.DRAFT: "edit it instead"},
    )
    check_opportunity_of_quote(context.locked)
    check_version("quote", quote, command.expected_version)
    for each in context.revisions:
        if each.id != quote.id and each.state in {QuoteState.DRAFT, QuoteState.ACTIVE}:
            raise RuleViolation(
                "ANOTHER_REVISION_LIVE",
                f"{quote_label(each.number, each.revision)} is {each.state.lower()}, and a number has one"
                " live revision. Go on with that one.",
                QUOTE_ID,
            )
    problems = Problems()
    total = validate_total(problems, context.lines, ("input",))
    problems.raise_first()
    transition = QuoteTransition(
        quote, AuditAction.QUOTE_REVISED, QuoteState.CLOSED, QuoteStatusReason.REVISED, caller.today
    )
    draft = NewDraft(
        opportunity_id=quote.opportunity_id,
        currency_code=context.locked.opportunity.currency_code,
        number=quote.number,
        revision=max(each.revision for each in context.revisions) + 1,
        name=quote.name,
        effective_from=quote.effective_from,
        effective_to=quote.effective_to,
        total=total,
        lines=context.lines,
    )
    return RevisionDecision(quote, transition if quote.state == QuoteState.ACTIVE else None, draft)


async def apply_revision(
    transaction: Transaction, caller: Caller, decision: RevisionDecision
) -> RevisedQuote:
    """Write the closed quote and the draft, an audit entry for each, and an event."""
    quote = decision.quote
    revised = [AuditEntry(AuditAction.QUOTE_REVISED, quote.id, quote.opportunity_id, {})]
    if decision.transition is not None:
        revised = await apply_transitions(transaction, caller, [decision.transition])
    created = await insert_draft(transaction, caller, decision.draft)
    await record_change(
        transaction, caller, [*revised, created], EventKind.QUOTE_REVISED, [quote.opportunity_id]
    )
    return RevisedQuote(quote.id, created.subject_id)
