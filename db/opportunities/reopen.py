"""Reopening a won or lost opportunity: its outcome is cleared, the history keeps it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff, record_change
from db.domain.caller import Caller
from db.domain.enums import ActivityState, OpenReason, OpportunityState
from db.domain.errors import RuleViolation
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_opportunity
from db.guards.preconditions import OPPORTUNITY_ID, check_version
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenOpportunity:
    """Which opportunity to reopen, and whether it is worked on from now on."""

    opportunity_id: UUID
    status_reason: OpenReason = OpenReason.IN_PROGRESS
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ReopenedOpportunity:
    """An open opportunity, and the activity that had closed it."""

    opportunity_id: UUID
    opportunity_close_id: UUID


async def reopen_opportunity(
    transaction: Transaction, caller: Caller, reopening: ReopenOpportunity
) -> ReopenedOpportunity:
    """Open a won or lost opportunity again and cancel the activity that closed it; its quotes stay.

    Raises:
        NotFound: the caller's organization has no such opportunity.
        StaleVersion: it is not at the expected version.
        RuleViolation: it is open; or another rule about what was sent, and the code says which.
    """
    return await _REOPEN_OPPORTUNITY.run(
        transaction, caller, reopening, lambda: _reopen(transaction, caller, reopening)
    )


async def _reopen(
    transaction: Transaction, caller: Caller, reopening: ReopenOpportunity
) -> ReopenedOpportunity:
    opportunity = await lock_opportunity(transaction, caller, reopening.opportunity_id, OPPORTUNITY_ID)
    _check_closed(opportunity)
    check_version("opportunity", opportunity, reopening.expected_version)
    key = {"organization_id": caller.organization_id}
    reason = await transaction.one(_REASON, **key, code=reopening.status_reason.code)
    values = {**_NO_OUTCOME, "state": OpportunityState.OPEN, "status_reason_id": reason.id}
    await transaction.update_exactly(_REOPEN, **key, **values, opportunity_id=opportunity.id, now=caller.now)
    await transaction.update_exactly(_CANCEL, **key, close_id=opportunity.close_id)
    change = AuditEntry(
        AuditAction.OPPORTUNITY_REOPENED, opportunity.id, opportunity.id, diff(opportunity, values)
    )
    await record_change(transaction, caller, [change], EventKind.OPPORTUNITY_REOPENED, [opportunity.id])
    return ReopenedOpportunity(opportunity.id, opportunity.close_id)


def _check_closed(opportunity: Any) -> None:
    if opportunity.state == OpportunityState.OPEN:
        raise RuleViolation(
            "OPPORTUNITY_OPEN", "The opportunity is open already. There is nothing to reopen.", OPPORTUNITY_ID
        )


_REOPEN_OPPORTUNITY = IdempotentOperation("reopenOpportunity", ReopenedOpportunity)
_NO_OUTCOME = {"actual_revenue": None, "closed_on": None, "close_id": None}

_opportunity = table_of(models.Opportunity)
_activity = table_of(models.OpportunityClose)
_reason = table_of(models.StatusReason).c

_REASON = Statement(
    select(_reason.id).where(
        _reason.organization_id == bindparam("organization_id"), _reason.code == bindparam("code")
    )
)
_REOPEN = Statement(
    update(_opportunity)
    .where(
        _opportunity.c.organization_id == bindparam("organization_id"),
        _opportunity.c.id == bindparam("opportunity_id"),
        _opportunity.c.state != OpportunityState.OPEN,
    )
    .values(
        {name: bindparam(name) for name in (*_NO_OUTCOME, "state", "status_reason_id")}
        | {"version": _opportunity.c.version + 1, "updated_at": bindparam("now")}
    )
)
_CANCEL = Statement(
    update(_activity)
    .where(
        _activity.c.organization_id == bindparam("organization_id"),
        _activity.c.id == bindparam("close_id"),
        _activity.c.state == ActivityState.COMPLETED,
    )
    .values(state=ActivityState.CANCELED)
)
