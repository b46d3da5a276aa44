"""Status reasons of won and lost opportunities: an organization adds its own, and retires them."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit, diff_created
from db.domain.caller import Caller
from db.domain.enums import OpportunityState
from db.domain.errors import NotFound, RuleViolation
from db.domain.ids import new_id
from db.domain.validation import Problems, validate_text
from db.guards.idempotency import idempotent
from db.guards.preconditions import check_version
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStatusReason:
    """A new status reason of the state WON or LOST, and what closing with it requires."""

    state: OpportunityState
    label: str
    description_required: bool = False
    competitor_required: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireStatusReason:
    """Which status reason to retire."""

    status_reason_id: UUID
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedStatusReason:
    """The status reason that was created or retired."""

    status_reason_id: UUID


@idempotent("createStatusReason")
async def create_status_reason(
    transaction: Transaction, caller: Caller, command: CreateStatusReason
) -> ChangedStatusReason:
    """Create a status reason.

    Raises:
        RuleViolation: it is for open opportunities, requires a competitor of a win, or its label is taken;
            or another rule about what was sent, and the code says which.
    """
    problems = Problems()
    label = validate_text(problems, "label", command.label, _LABEL)
    problems.raise_first()
    _check_state(command)
    return await _create(transaction, caller, replace(command, label=label))


@idempotent("retireStatusReason")
async def retire_status_reason(
    transaction: Transaction, caller: Caller, command: RetireStatusReason
) -> ChangedStatusReason:
    """Retire a status reason for good: new closings can't have it, old ones keep it.

    Raises:
        NotFound: the caller's organization has no such status reason.
        StaleVersion: it is not at the expected version.
        RuleViolation: it is for open opportunities, which have those two alone, or is retired already.
    """
    return await _retire(transaction, caller, command)


def _check_state(draft: CreateStatusReason) -> None:
    if draft.state == OpportunityState.OPEN:
        raise RuleViolation(
            "STATUS_REASON_OF_OPEN",
            "The status reasons of open opportunities are fixed. Send one for won or lost.",
            ("input", "state"),
        )
    if draft.competitor_required and draft.state == OpportunityState.WON:
        raise RuleViolation(
            "COMPETITOR_OF_A_WIN",
            "A won deal has no competitor, so none can be required. Leave it out.",
            ("input", "competitorRequired"),
        )


async def _create(transaction: Transaction, caller: Caller, draft: CreateStatusReason) -> ChangedStatusReason:
    of_organization = {"organization_id": caller.organization_id}
    if await transaction.rows(_LABELED, **of_organization, state=draft.state, label=draft.label):
        raise RuleViolation(
            "STATUS_REASON_LABEL_TAKEN",
            f'There is a status reason "{draft.label}" for {draft.state.lower()} already, or there was. Send'
            " another label.",
            _LABEL,
        )
    values = {name: getattr(draft, name) for name in _COLUMNS}
    reason_id = new_id()
    await transaction.execute(
        _INSERT, **of_organization, id=reason_id, **values, version=1, created_at=caller.now
    )
    await append_audit(
        transaction,
        caller,
        [AuditEntry(AuditAction.STATUS_REASON_CREATED, reason_id, None, diff_created(values))],
    )
    return ChangedStatusReason(reason_id)


async def _retire(
    transaction: Transaction, caller: Caller, retirement: RetireStatusReason
) -> ChangedStatusReason:
    key = {"organization_id": caller.organization_id, "status_reason_id": retirement.status_reason_id}
    reason = await transaction.row(_LOCK, **key)
    if reason is None:
        raise NotFound("status reason", _REASON_ID)
    _check_retirable(reason)
    check_version("status reason", reason, retirement.expected_version)
    await transaction.update_exactly(_RETIRE, **key, now=caller.now)
    change = AuditEntry(AuditAction.STATUS_REASON_RETIRED, reason.id, None, {"is_retired": (False, True)})
    await append_audit(transaction, caller, [change])
    return ChangedStatusReason(reason.id)


def _check_retirable(reason: Any) -> None:
    if reason.state == OpportunityState.OPEN:
        raise RuleViolation(
            "STATUS_REASON_OF_OPEN",
            f'"{reason.label}" is for open opportunities, which need it. Leave it.',
            _REASON_ID,
        )
    if reason.retired_at is not None:
        raise RuleViolation(
            "STATUS_REASON_RETIRED", f'"{reason.label}" is retired already. Leave it.', _REASON_ID
        )


_LABEL = ("input", "label")
_REASON_ID = ("input", "statusReasonId")
_COLUMNS = ("state", "label", "description_required", "competitor_required")

_reason = table_of(models.StatusReason)
_this = (
    _reason.c.organization_id == bindparam("organization_id"),
    _reason.c.id == bindparam("status_reason_id"),
)

_LABELED = Statement(
    select(_reason.c.id).where(
        _reason.c.organization_id == bindparam("organization_id"),
        _reason.c.state == bindparam("state"),
        _reason.c.label == bindparam("label"),
    )
)
_LOCK = Statement(select(*_reason.c).where(*_this).with_for_update(key_share=True))
_INSERT = insert_statement(models.StatusReason)
_RETIRE = Statement(
    update(_reason)
    .where(*_this, _reason.c.retired_at.is_(None))
    .values(retired_at=bindparam("now"), version=_reason.c.version + 1)
)
