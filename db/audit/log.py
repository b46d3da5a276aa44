"""Audit log: append one entry per change and one event per changed opportunity.

The details of an entry are a JSON object. It maps the GraphQL name of each changed field to its value before
and after the change, both as text or null:

    {"state": ["OPEN", "WON"], "closedOn": [null, "2026-03-31"], "actualRevenue": [null, "5000.00"]}

Unchanged fields are left out. Before a creation and after a deletion every value is null. The fields of a
quote line are named by its position: ``"lines.2.quantity": ["1.00", "3.00"]``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import orjson

from db import models
from db.domain.caller import Caller
from db.domain.ids import new_id
from db.domain.validation import graphql_field_name
from db.sql.database import Transaction
from db.sql.statements import insert_statement

Diff = dict[str, tuple[object, object]]
"""The value before and after a change, by column name."""


class AuditAction(StrEnum):
    """What was done, and to which kind of row."""

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
    USER_UNLINKED = "USER_UNLINKED"


class EventKind(StrEnum):
    """What happened to an opportunity or to one of its quotes."""

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
    """One change of one row.

    ``opportunity_id`` is the opportunity in whose history the entry appears, if any. ``values`` maps column
    names to the value before and after; equal pairs are not stored.
    """

    action: AuditAction
    subject_id: UUID
    opportunity_id: UUID | None
    values: Mapping[str, tuple[object, object]]


_INSERT_AUDIT = insert_statement(models.Audit)
_INSERT_EVENT = insert_statement(models.Event)


def diff_created(values: Mapping[str, object]) -> Diff:
    """Return the diff of a created row."""
    return {name: (None, value) for name, value in values.items()}


def diff_deleted(values: Mapping[str, object]) -> Diff:
    """Return the diff of a deleted row."""
    return {name: (value, None) for name, value in values.items()}


def diff(row: object, values: Mapping[str, object]) -> Diff:
    """Return the values that differ from those of the row."""
    return {
        name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value
    }


async def record_change(
    transaction: Transaction,
    caller: Caller,
    entries: Sequence[AuditEntry],
    kind: EventKind,
    opportunity_ids: Iterable[UUID],
) -> None:
    """Append the audit entries, and one event for each opportunity."""
    await append_audit(transaction, caller, entries)
    events = [
        {
            "organization_id": caller.organization_id,
            "opportunity_id": opportunity_id,
            "kind": kind,
            "at": caller.now,
        }
        for opportunity_id in opportunity_ids
    ]
    await transaction.execute_many(_INSERT_EVENT, events)


async def append_audit(transaction: Transaction, caller: Caller, entries: Iterable[AuditEntry]) -> None:
    """Append audit entries without an event: for rows that belong to no opportunity."""
    await append_audit_as(transaction, ((caller, entry) for entry in entries))


async def append_audit_as(transaction: Transaction, entries: Iterable[tuple[Caller, AuditEntry]]) -> None:
    """Append audit entries, each with the user and time of its own caller: for reconstructed histories."""
    rows = [
        {
            "organization_id": caller.organization_id,
            "id": new_id(),
            "user_id": caller.user_id,
            "action": entry.action,
            "subject_id": entry.subject_id,
            "opportunity_id": entry.opportunity_id,
            "details": _details_json(entry.values),
            "at": caller.now,
        }
        for caller, entry in entries
    ]
    await transaction.execute_many(_INSERT_AUDIT, rows)


def _details_json(values: Mapping[str, tuple[object, object]]) -> str:
    details = {
        graphql_field_name(column): (_as_text(before), _as_text(after))
        for column, (before, after) in values.items()
        if before != after
    }
    return orjson.dumps(details).decode()


def _as_text(value: object) -> str | None:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
