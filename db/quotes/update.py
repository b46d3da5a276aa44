"""Editing a draft: what it is called, when it holds, and its lines, all in one call."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import bindparam, update

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff, record_change
from db.domain.caller import Caller
from db.domain.enums import QuoteState
from db.domain.errors import NotFound, Path, RuleViolation
from db.domain.ids import new_id
from db.domain.validation import Validator, validate_fields, validate_text
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_quote
from db.guards.preconditions import check_draft
from db.lines.draft import LineContent, LineUpdate, validate_line, validate_total
from db.lines.rows import Line, audit_values, read_lines, replace_lines
from db.quotes.create import check_effective_dates, check_not_deleted
from db.quotes.transitions import QUOTE_ID, ChangedQuote
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


class QuoteChanges(TypedDict, total=False):
    """What is to be changed of a draft beside its lines; what is missing stays as it is."""

    name: str
    effective_from: date | None
    effective_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateQuote:
    """What to change of which draft. Lines that stay keep their order, new ones come behind them."""

    quote_id: UUID
    changes: QuoteChanges = field(default_factory=QuoteChanges)
    add_lines: tuple[LineContent, ...] = ()
    change_lines: tuple[LineUpdate, ...] = ()
    remove_lines: tuple[UUID, ...] = ()
    expected_version: int | None = None
    idempotency_key: str | None = None


async def update_quote(transaction: Transaction, caller: Caller, sent: UpdateQuote) -> ChangedQuote:
    """Change a draft of an open opportunity; what it holds already is no change, and writes nothing.

    Raises:
        NotFound: the caller's organization has no such quote, or the quote no such line.
        StaleVersion: it is not at the expected version.
        RuleViolation: any other rule about what was sent; the code says which.
    """
    changes: Any = validate_fields(sent.changes, _LIMITS, ("input",))
    sent = replace(sent, changes=changes)
    return await _UPDATE_QUOTE.run(transaction, caller, sent, lambda: _update(transaction, caller, sent))


async def _update(transaction: Transaction, caller: Caller, sent: UpdateQuote) -> ChangedQuote:
    quote, opportunity = await lock_quote(transaction, caller, sent.quote_id, QUOTE_ID)
    why = "only a draft can be edited. Revise it to get one."
    check_draft(quote, opportunity, sent.expected_version, why)
    values: dict[str, Any] = {name: getattr(quote, name) for name in _CHANGEABLE} | sent.changes
    check_effective_dates(values["effective_from"], values["effective_to"])
    before = await read_lines(transaction, caller, quote.id)
    after = _edited(before, sent)
    with_total = {**values, "total": validate_total(after, _LINES)}
    history = diff(quote, with_total) | _differences(audit_values(before), audit_values(after))
    if history:
        await _write(transaction, caller, quote, values)
        await replace_lines(transaction, caller, quote, before, after)
        change = AuditEntry(AuditAction.QUOTE_UPDATED, quote.id, opportunity.id, history)
        await record_change(transaction, caller, [change], EventKind.QUOTE_UPDATED, [opportunity.id])
    return ChangedQuote(quote.id)


def _edited(lines: list[Line], sent: UpdateQuote) -> list[Line]:
    """Return the lines as they are to be, standing from 1 on."""
    _check_named_once(lines, sent)
    changes = {update.line_id: (index, update) for index, update in enumerate(sent.change_lines)}
    kept = [
        _changed(line, *changes[line["id"]]) if line["id"] in changes else line
        for line in lines
        if line["id"] not in sent.remove_lines
    ]
    added = [_added(draft, index) for index, draft in enumerate(sent.add_lines)]
    return [{**line, "position": position} for position, line in enumerate([*kept, *added], start=1)]


def _check_named_once(lines: list[Line], sent: UpdateQuote) -> None:
    unnamed = {line["id"] for line in lines}
    for path, line_id in _named(sent):
        if line_id not in unnamed:
            raise _not_there(line_id, lines, path)
        unnamed.remove(line_id)


def _named(sent: UpdateQuote) -> list[tuple[Path, UUID]]:
    changed = [((*_LINES, "change", str(i), "id"), each.line_id) for i, each in enumerate(sent.change_lines)]
    removed = [((*_LINES, "remove", str(i)), each) for i, each in enumerate(sent.remove_lines)]
    return changed + removed


def _not_there(line_id: UUID, lines: list[Line], path: Path) -> NotFound | RuleViolation:
    if any(line["id"] == line_id for line in lines):
        return RuleViolation(
            "LINE_NAMED_TWICE", "A line is changed once or removed once. Leave the other out.", path
        )
    return NotFound("line of this quote", path)


def _changed(line: Line, index: int, update: LineUpdate) -> Line:
    return validate_line({**line, **update.changes}, (*_LINES, "change", str(index)))


def _added(draft: LineContent, index: int) -> Line:
    path = (*_LINES, "add", str(index), draft.kind.lower())
    return validate_line({"id": new_id(), **asdict(draft)}, path)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        name: (before.get(name), after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }


async def _write(transaction: Transaction, caller: Caller, quote: Any, values: Mapping[str, Any]) -> None:
    key = {"organization_id": caller.organization_id, "quote_id": quote.id}
    await transaction.update_exactly(_UPDATE, **key, **values, now=caller.now)


_UPDATE_QUOTE = IdempotentOperation("updateQuote", ChangedQuote, check_replay=check_not_deleted)
_LINES: Path = ("input", "lines")
_LIMITS: dict[str, Validator] = {"name": validate_text}
_CHANGEABLE = ("name", "effective_from", "effective_to")

_quote = table_of(models.Quote)

_UPDATE = Statement(
    update(_quote)
    .where(
        _quote.c.organization_id == bindparam("organization_id"),
        _quote.c.id == bindparam("quote_id"),
        _quote.c.state == QuoteState.DRAFT,
    )
    .values(
        {name: bindparam(name) for name in _CHANGEABLE}
        | {"version": _quote.c.version + 1, "updated_at": bindparam("now")}
    )
)
