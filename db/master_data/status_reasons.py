"""Create and retire the status reasons of won and lost opportunities."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit
from db.domain.caller import Caller
from db.domain.enums import OpportunityState
from db.domain.errors import Path, RuleViolation
from db.domain.validation import Problems, validate_text
from db.guards.idempotency import idempotent
from db.guards.preconditions import check_version, require_found
from db.master_data.audited_insert import insert_audited
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStatusReason:
    """Create a status reason for WON or LOST, and say what a closing with it requires."""

    state: OpportunityState
    label: str
    description_required: bool = False
    competitor_required: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireStatusReason:
    """Retire a status reason."""

    status_reason_id: UUID
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedStatusReason:
    """The status reason that was created or retired."""

    status_reason_id: UUID


class StatusReasonRow(NamedTuple):
    """A locked status reason."""

    id: UUID
    state: str
    label: str
    retired_at: datetime | None
    version: int


_LABEL: Path = ("input", "label")
_STATUS_REASON_ID: Path = ("input", "statusReasonId")

_reason = table_of(models.StatusReason)
_is_of_organization = _reason.c.organization_id == bindparam("organization_id")
_is_reason = _is_of_organization & (_reason.c.id == bindparam("status_reason_id"))

_FIND_BY_LABEL = Statement(
    select(_reason.c.id).where(
        _is_of_organization, _reason.c.state == bindparam("state"), _reason.c.label == bindparam("label")
    )
)
_LOCK = Statement(
    select(_reason.c.id, _reason.c.state, _reason.c.label, _reason.c.retired_at, _reason.c.version)
    .where(_is_reason)
    .with_for_update(key_share=True),
    StatusReasonRow,
)
_INSERT = insert_statement(models.StatusReason)
_RETIRE = Statement(
    update(_reason)
    .where(_is_reason, _reason.c.retired_at.is_(None))
    .values(retired_at=bindparam("now"), version=_reason.c.version + 1)
)


@idempotent("createStatusReason")
async def create_status_reason(
    transaction: Transaction, caller: Caller, command: CreateStatusReason
) -> ChangedStatusReason:
    """Create a status reason.

    Raises:
        RuleViolation: the state is OPEN, a won opportunity would require a competitor, or the label is taken
            or invalid; the code says which.
    """
    values = decide_new_status_reason(command)
    if await transaction.rows(
        _FIND_BY_LABEL, organization_id=caller.organization_id, state=command.state, label=values["label"]
    ):
        raise RuleViolation(
            "STATUS_REASON_LABEL_TAKEN",
            f'There is or was a status reason "{values["label"]}" for {command.state.lower()} already. Send'
            " another label.",
            _LABEL,
        )
    reason_id = await insert_audited(transaction, caller, _INSERT, values, AuditAction.STATUS_REASON_CREATED)
    return ChangedStatusReason(reason_id)


@idempotent("retireStatusReason")
async def retire_status_reason(
    transaction: Transaction, caller: Caller, command: RetireStatusReason
) -> ChangedStatusReason:
    """Retire a status reason for good: new closings can't use it, old ones keep it.

    Raises:
        NotFound: the caller's organization has no such status reason.
        StaleVersion: the status reason does not have the expected version.
        RuleViolation: the status reason is for open opportunities, or is already retired.
    """
    key = {"organization_id": caller.organization_id, "status_reason_id": command.status_reason_id}
    row = await transaction.row(_LOCK, **key)
    reason = decide_retirement(row, command)
    await transaction.update_exactly(_RETIRE, **key, now=caller.now)
    entry = AuditEntry(AuditAction.STATUS_REASON_RETIRED, reason.id, None, {"is_retired": (False, True)})
    await append_audit(transaction, caller, [entry])
    return ChangedStatusReason(reason.id)


def decide_new_status_reason(command: CreateStatusReason) -> Mapping[str, object]:
    """Return the values of the status reason by column name; raises as ``create_status_reason`` does."""
    problems = Problems()
    label = validate_text(problems, "label", command.label, _LABEL)
    if command.state == OpportunityState.OPEN:
        problems.add(
            "STATUS_REASON_OF_OPEN",
            "The status reasons of open opportunities are fixed. Send one for won or lost.",
            ("input", "state"),
        )
    if command.competitor_required and command.state == OpportunityState.WON:
        problems.add(
            "COMPETITOR_OF_A_WIN",
            "A won opportunity has no competitor, so none can be required. Leave it out.",
            ("input", "competitorRequired"),
        )
    problems.raise_first()
    return {
        "state": command.state,
        "label": label,
        "description_required": command.description_required,
        "competitor_required": command.competitor_required,
    }


def decide_retirement(reason: StatusReasonRow | None, command: RetireStatusReason) -> StatusReasonRow:
    """Return the status reason to retire; raises as ``retire_status_reason`` does."""
    reason = require_found(reason, "status reason", _STATUS_REASON_ID)
    if reason.state == OpportunityState.OPEN:
        raise RuleViolation(
            "STATUS_REASON_OF_OPEN",
            f'"{reason.label}" is for open opportunities, which need it. Leave it.',
            _STATUS_REASON_ID,
        )
    if reason.retired_at is not None:
        raise RuleViolation(
            "STATUS_REASON_RETIRED", f'"{reason.label}" is already retired. Leave it.', _STATUS_REASON_ID
        )
    check_version("status reason", reason, command.expected_version)
    return reason
