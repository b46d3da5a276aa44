"""Create a draft quote: empty, or with the lines of another quote."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import EventKind, record_change
from db.domain.caller import Caller
from db.domain.errors import NotFound, Path, quote_label
from db.domain.validation import Problems, validate_date, validate_fields, validate_text
from db.guards.idempotency import idempotent
from db.guards.locking import OpportunityRow, lock_opportunity
from db.guards.preconditions import OPPORTUNITY_ID, check_open, require_found
from db.lines.line import Line, validate_total
from db.lines.storage import read_lines
from db.quotes.drafts import NewDraft, check_not_deleted, insert_draft, validate_effective_dates
from db.quotes.numbers import is_number_taken
from db.quotes.transitions import ChangedQuote
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateQuote:
    """Create a draft, empty or with the lines of ``copy_lines_from``; ``number`` is generated unless sent."""

    opportunity_id: UUID
    name: str
    number: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    copy_lines_from: UUID | None = None
    idempotency_key: str | None = None


class SourceQuote(NamedTuple):
    """The quote whose lines are copied."""

    number: str
    revision: int
    currency_code: str


@dataclass(frozen=True, slots=True)
class CreateQuoteContext:
    """What creating a quote depends on."""

    opportunity: OpportunityRow | None
    source: SourceQuote | None
    lines: tuple[Line, ...]
    number_taken: bool


_COPY_LINES_FROM: Path = ("input", "copyLinesFrom")

_quote = table_of(models.Quote).c

_READ_SOURCE = Statement(
    select(*(_quote[name] for name in SourceQuote._fields)).where(
        _quote.organization_id == bindparam("organization_id"), _quote.id == bindparam("quote_id")
    ),
    SourceQuote,
)


@idempotent("createQuote", check_replay=check_not_deleted)
async def create_quote(transaction: Transaction, caller: Caller, command: CreateQuote) -> ChangedQuote:
    """Create a draft with revision 0 on an open opportunity.

    Raises:
        NotFound: the caller's organization has no such opportunity, or no such quote to copy.
        OpportunityAlreadyClosed: the opportunity is won or lost.
        RuleViolation: another rule rejects the command; the code names it.
    """
    context = await load_create_quote_context(transaction, caller, command)
    draft = decide_new_quote(context, command)
    return await apply_new_quote(transaction, caller, draft)


async def load_create_quote_context(
    transaction: Transaction, caller: Caller, command: CreateQuote
) -> CreateQuoteContext:
    """Lock the opportunity; load the quote to copy, and whether the number is taken."""
    opportunity = await lock_opportunity(transaction, caller, command.opportunity_id)
    source = None
    lines: list[Line] = []
    if command.copy_lines_from is not None:
        source = await transaction.row(
            _READ_SOURCE, organization_id=caller.organization_id, quote_id=command.copy_lines_from
        )
        lines = await read_lines(transaction, caller, command.copy_lines_from)
    taken = command.number is not None and await is_number_taken(transaction, caller, command.number.strip())
    return CreateQuoteContext(opportunity, source, tuple(lines), taken)


def decide_new_quote(context: CreateQuoteContext, command: CreateQuote) -> NewDraft:
    """Return the draft to insert; raises as ``create_quote`` does."""
    problems = Problems()
    name = validate_text(problems, "name", command.name, ("input", "name"))
    number = command.number
    if number is not None:
        number = validate_text(problems, "number", number, ("input", "number"))
    dates = {"effective_from": command.effective_from, "effective_to": command.effective_to}
    validate_fields(problems, dates, dict.fromkeys(dates, validate_date), ("input",))
    validate_effective_dates(problems, command.effective_from, command.effective_to)
    problems.raise_first()
    opportunity = require_found(context.opportunity, "opportunity", OPPORTUNITY_ID)
    check_open(opportunity)
    source = context.source
    if command.copy_lines_from is not None and source is None:
        problems.add_refusal(NotFound("quote", _COPY_LINES_FROM))
    if source is not None and source.currency_code != opportunity.currency_code:
        problems.add(
            "QUOTE_IN_ANOTHER_CURRENCY",
            f"{quote_label(source.number, source.revision)} is in {source.currency_code}, the opportunity in"
            f" {opportunity.currency_code}. Copy a quote in the same currency.",
            _COPY_LINES_FROM,
        )
    if context.number_taken:
        problems.add(
            "QUOTE_NUMBER_TAKEN",
            f"There is a quote {number} already. Send another number, or none to be given the next one.",
            ("input", "number"),
        )
    total = validate_total(problems, context.lines, ("input",))
    problems.raise_first()
    return NewDraft(
        opportunity_id=opportunity.id,
        currency_code=opportunity.currency_code,
        number=number,
        revision=0,
        name=name,
        effective_from=command.effective_from,
        effective_to=command.effective_to,
        total=total,
        lines=context.lines,
    )


async def apply_new_quote(transaction: Transaction, caller: Caller, draft: NewDraft) -> ChangedQuote:
    """Write the draft with its lines, an audit entry and an event."""
    entry = await insert_draft(transaction, caller, draft)
    await record_change(transaction, caller, [entry], EventKind.QUOTE_CREATED, [draft.opportunity_id])
    return ChangedQuote(entry.subject_id)
