"""Update a draft: its name, its effective dates and its lines, in one command."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import TypedDict
from uuid import UUID

from sqlalchemy import bindparam, update

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff, record_change
from db.domain.caller import Caller
from db.domain.enums import QuoteState
from db.domain.errors import NotFound, Path
from db.domain.ids import new_id
from db.domain.validation import Problems, Validator, validate_date, validate_fields, validate_text
from db.guards.idempotency import idempotent
from db.guards.locking import LockedQuote, QuoteRow, lock_quote
from db.guards.preconditions import QUOTE_ID, REVISE, check_draft, require_found
from db.lines.line import Line, LineContent, LineUpdate, audit_values, validate_line, validate_total
from db.lines.storage import read_lines, replace_lines
from db.quotes.drafts import check_not_deleted, validate_effective_dates
from db.quotes.transitions import ChangedQuote
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


class QuoteChanges(TypedDict, total=False):
    """The fields of a draft to change; the others stay as they are."""

    name: str
    effective_from: date | None
    effective_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateQuote:
    """Change a draft and its lines; lines that stay keep their order, new lines are appended."""

    quote_id: UUID
    changes: QuoteChanges = field(default_factory=QuoteChanges)
    add_lines: tuple[LineContent, ...] = ()
    change_lines: tuple[LineUpdate, ...] = ()
    remove_lines: tuple[UUID, ...] = ()
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateQuoteDecision:
    """The draft as it is, its new values and lines, and the differences to record."""

    quote: QuoteRow
    values: Mapping[str, object]
    old_lines: tuple[Line, ...]
    new_lines: tuple[Line, ...]
    differences: Mapping[str, tuple[object, object]]


_LINES: Path = ("input", "lines")
_COLUMNS = tuple(QuoteChanges.__annotations__)

_quote = table_of(models.Quote)

_UPDATE = Statement(
    update(_quote)
    .where(
        _quote.c.organization_id == bindparam("organization_id"),
        _quote.c.id == bindparam("quote_id"),
        _quote.c.state == QuoteState.DRAFT,
    )
    .values(
        {name: bindparam(name) for name in _COLUMNS}
        | {"version": _quote.c.version + 1, "updated_at": bindparam("now")}
    )
)


_ADVICE = {QuoteState.ACTIVE: "revise it to get one", QuoteState.CLOSED: REVISE}
_VALIDATORS: dict[str, Validator] = {
    "name": validate_text,
    "effective_from": validate_date,
    "effective_to": validate_date,
}


@idempotent("updateQuote", check_replay=check_not_deleted)
async def update_quote(transaction: Transaction, caller: Caller, command: UpdateQuote) -> ChangedQuote:
    """Change a draft of an open opportunity; if nothing differs, nothing is written.

    Raises:
        NotFound: the caller's organization has no such quote, or the quote has no such line.
        StaleVersion: the quote does not have the expected version.
        RuleViolation: another rule rejects the command; the code names it.
    """
    locked = await lock_quote(transaction, caller, command.quote_id)
    lines = await read_lines(transaction, caller, command.quote_id)
    decision = decide_quote_update(locked, lines, command)
    return await apply_quote_update(transaction, caller, decision)


def decide_quote_update(
    locked: LockedQuote | None, lines: Sequence[Line], command: UpdateQuote
) -> UpdateQuoteDecision:
    """Return what the update changes; raises as ``update_quote`` does."""
    problems = Problems()
    changes = validate_fields(problems, command.changes, _VALIDATORS, ("input",))
    problems.raise_first()
    locked = require_found(locked, "quote", QUOTE_ID)
    check_draft(locked, command.expected_version, "edited", _ADVICE)
    quote = locked.quote._replace(**changes)
    validate_effective_dates(problems, quote.effective_from, quote.effective_to)
    new_lines = _new_lines(problems, lines, command)
    problems.raise_first()
    quote = quote._replace(total=validate_total(problems, new_lines, _LINES))
    problems.raise_first()
    values = {name: getattr(quote, name) for name in _COLUMNS}
    before, after = audit_values(lines), audit_values(new_lines)
    differences = diff(locked.quote, values | {"total": quote.total}) | {
        name: (before.get(name), after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }
    return UpdateQuoteDecision(locked.quote, values, tuple(lines), new_lines, differences)


def _new_lines(problems: Problems, lines: Sequence[Line], command: UpdateQuote) -> tuple[Line, ...]:
    """Return the lines after the update; their positions start at 1."""
    changed = [
        ((*_LINES, "change", str(i), "id"), each.line_id) for i, each in enumerate(command.change_lines)
    ]
    removed = [((*_LINES, "remove", str(i)), line_id) for i, line_id in enumerate(command.remove_lines)]
    stored = {line.id for line in lines}
    sent = set[UUID]()
    for path, line_id in changed + removed:
        if line_id not in stored:
            problems.add_refusal(NotFound("line of this quote", path))
        elif line_id in sent:
            problems.add(
                "LINE_NAMED_TWICE", "A line is changed once or removed once. Leave the other out.", path
            )
        sent.add(line_id)
    updates = {each.line_id: (index, each.changes) for index, each in enumerate(command.change_lines)}
    kept = []
    for line in lines:
        if line.id in command.remove_lines:
            continue
        if line.id in updates:
            index, changes = updates[line.id]
            path = (*_LINES, "change", str(index))
            kept.append(validate_line(problems, replace(line, **changes), path))
        else:
            kept.append(line)
    for index, content in enumerate(command.add_lines):
        path = (*_LINES, "add", str(index), content.kind.lower())
        valid = validate_line(problems, content, path)
        kept.append(Line(id=new_id(), position=0, **asdict(valid)))
    return tuple(replace(line, position=position) for position, line in enumerate(kept, start=1))


async def apply_quote_update(
    transaction: Transaction, caller: Caller, decision: UpdateQuoteDecision
) -> ChangedQuote:
    """Write the draft and its lines, an audit entry and an event, unless nothing differs."""
    quote = decision.quote
    if decision.differences:
        key = {"organization_id": caller.organization_id, "quote_id": quote.id}
        await transaction.update_exactly(_UPDATE, **key, **decision.values, now=caller.now)
        await replace_lines(transaction, caller, quote, decision.old_lines, decision.new_lines)
        entry = AuditEntry(AuditAction.QUOTE_UPDATED, quote.id, quote.opportunity_id, decision.differences)
        await record_change(transaction, caller, [entry], EventKind.QUOTE_UPDATED, [quote.opportunity_id])
    return ChangedQuote(quote.id)
