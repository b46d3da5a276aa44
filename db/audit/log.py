"""Writing down what was changed: a row for the auditors a change, a row for subscribers an opportunity.

The details of an audit row are a JSON object: by the name of each changed field, what it was and what it is
now, as texts.

    {"state": ["OPEN", "WON"], "closedOn": [null, "2026-03-31"], "actualRevenue": [null, "5000.00"]}

Fields are named as clients name them; what did not change is not in it. A created thing has null on the left
of every pair, a deleted one on the right. A line belongs to its quote's change, by its position:
``"lines.2.quantity": ["1.00", "3.00"]``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from db import models
from db.domain.caller import Caller
from db.domain.ids import new_id
from db.domain.validation import graphql_field_name
from db.sql.database import Transaction
from db.sql.statements import insert_statement


class AuditAction(StrEnum):
    """What was done to one thing; the first words say to which kind."""

    OPPORTUNITY_CREATED = "OPPORTUNITY_CREATED"
    OPPORTUNITY_UPDATED = "OPPORTUNITY_UPDATED"
    OPPORTUNITY_CLOSED = "OPPORTUNITY_CLOSED"
    OPPORTUNITY_REOPENED = "OPPORTUNITY_REOPENED"
    QUOTE_CREATED = "QUOTE_CREATED"
    QUOTE_UPDATED = "QUOTE_UPDATED"
    QUOTE_ACTIVATED = "QUOTE_ACTIVATED"
    QUOTE_REVISED = "QUOTE_REVISED"
    QUOTE_WON = "QUOTE_WON"
    QUOTE_CLOSED = "QUOTE_CLOSED"
    QUOTE_DELETED = "QUOTE_DELETED"
    PROJECT_CONTRACT_CREATED = "PROJECT_CONTRACT_CREATED"
    ACCOUNT_CREATED = "ACCOUNT_CREATED"
    ACCOUNT_UPDATED = "ACCOUNT_UPDATED"
    COMPETITOR_CREATED = "COMPETITOR_CREATED"
    STATUS_REASON_CREATED = "STATUS_REASON_CREATED"
    STATUS_REASON_RETIRED = "STATUS_REASON_RETIRED"
    USER_CREATED = "USER_CREATED"
    USER_IDENTIFIED = "USER_IDENTIFIED"


class EventKind(StrEnum):
    """What happened to an opportunity or below it."""

    OPPORTUNITY_CREATED = "OPPORTUNITY_CREATED"
    OPPORTUNITY_UPDATED = "OPPORTUNITY_UPDATED"
    OPPORTUNITY_CLOSED = "OPPORTUNITY_CLOSED"
    OPPORTUNITY_REOPENED = "OPPORTUNITY_REOPENED"
    QUOTE_CREATED = "QUOTE_CREATED"
    QUOTE_UPDATED = "QUOTE_UPDATED"
    QUOTE_ACTIVATED = "QUOTE_ACTIVATED"
    QUOTE_REVISED = "QUOTE_REVISED"
    QUOTE_WON = "QUOTE_WON"
    QUOTES_CLOSED = "QUOTES_CLOSED"
    QUOTE_DELETED = "QUOTE_DELETED"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One changed thing; ``values`` are what was and what is now, by column name.

    ``opportunity_id`` is the opportunity whose history shows it: the thing itself, or that of a quote.
    """

    action: AuditAction
    subject_id: UUID
    opportunity_id: UUID | None
    values: Mapping[str, tuple[Any, Any]]


def diff_created(values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the values of a new thing, for its change."""
    return {name: (None, value) for name, value in values.items()}


def diff_deleted(values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the values that a thing had before it was deleted, for its change."""
    return {name: (value, None) for name, value in values.items()}


def diff(row: Any, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the values that differ from what a row holds, for its change."""
    return {
        name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value
    }


async def record_change(
    transaction: Transaction,
    caller: Caller,
    changes: Sequence[AuditEntry],
    kind: EventKind,
    opportunity_ids: Iterable[UUID],
) -> None:
    """Append an audit row for each change and an event row for each opportunity."""
    await append_audit(transaction, caller, changes)
    await transaction.execute_many(_EVENT, [_event(caller, kind, each) for each in opportunity_ids])


async def append_audit(transaction: Transaction, caller: Caller, changes: Sequence[AuditEntry]) -> None:
    """Append an audit row for each change, of what belongs to no opportunity."""
    await append_audit_as(transaction, ((caller, change) for change in changes))


async def append_audit_as(transaction: Transaction, changes: Iterable[tuple[Caller, AuditEntry]]) -> None:
    """Append an audit row for each change, as made by whom and when its caller says."""
    await transaction.execute_many(_AUDIT, [_audit(caller, change) for caller, change in changes])


def _audit(caller: Caller, change: AuditEntry) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "user_id": caller.user_id,
        "action": change.action,
        "subject_id": change.subject_id,
        "opportunity_id": change.opportunity_id,
        "details": orjson.dumps(_details(change.values)).decode(),
        "at": caller.now,
    }


def _details(values: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[str | None, str | None]]:
    return {
        graphql_field_name(column): (_text(before), _text(after))
        for column, (before, after) in values.items()
        if before != after
    }


def _text(value: Any) -> str | None:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _event(caller: Caller, kind: EventKind, opportunity_id: UUID) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "opportunity_id": opportunity_id,
        "kind": kind,
        "at": caller.now,
    }


_AUDIT = insert_statement(models.Audit)
_EVENT = insert_statement(models.Event)
