"""Writing down what was changed: a row for the auditors a change, a row for subscribers an opportunity."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from db import models
from db.caller import Caller
from db.database import Transaction
from db.ids import new_id
from db.statements import insertion


class Action(StrEnum):
    """What was done to one opportunity or one quote."""

    OPPORTUNITY_CLOSED = "OPPORTUNITY_CLOSED"
    QUOTE_CLOSED = "QUOTE_CLOSED"
    QUOTE_ACTIVATED = "QUOTE_ACTIVATED"


class EventKind(StrEnum):
    """What happened to an opportunity or below it."""

    OPPORTUNITY_CLOSED = "OPPORTUNITY_CLOSED"
    QUOTES_CLOSED = "QUOTES_CLOSED"
    QUOTE_ACTIVATED = "QUOTE_ACTIVATED"


@dataclass(frozen=True, slots=True)
class Change:
    """One changed thing; ``details`` are its new values by column name."""

    action: Action
    subject_id: UUID
    details: Mapping[str, Any]


async def record(
    transaction: Transaction,
    caller: Caller,
    changes: Sequence[Change],
    kind: EventKind,
    opportunity_ids: Iterable[UUID],
) -> None:
    """Append an audit row for each change and an event row for each opportunity."""
    await transaction.execute_many(_AUDIT, [_audit(caller, change) for change in changes])
    await transaction.execute_many(_EVENT, [_event(caller, kind, each) for each in opportunity_ids])


def _audit(caller: Caller, change: Change) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "user_id": caller.user_id,
        "action": change.action,
        "subject_id": change.subject_id,
        "details": orjson.dumps(change.details, default=str).decode(),
        "at": caller.now,
    }


def _event(caller: Caller, kind: EventKind, opportunity_id: UUID) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "opportunity_id": opportunity_id,
        "kind": kind,
        "at": caller.now,
    }


_AUDIT = insertion(models.Audit)
_EVENT = insertion(models.Event)
