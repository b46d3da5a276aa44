"""Reopen a won or lost opportunity: clear its outcome and cancel its close activity."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff, record_change
from db.domain.caller import Caller
from db.domain.enums import ActivityState, OpenReason, OpportunityState
from db.domain.errors import RuleViolation
from db.guards.idempotency import idempotent
from db.guards.locking import OpportunityRow, lock_opportunity
from db.guards.preconditions import OPPORTUNITY_ID, check_version, require_found
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenOpportunity:
    """Reopen an opportunity with this status reason."""

    opportunity_id: UUID
    status_reason: OpenReason = OpenReason.IN_PROGRESS
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ReopenedOpportunity:
    """The open opportunity, and the close activity that was canceled."""

    opportunity_id: UUID
    opportunity_close_id: UUID


@dataclass(frozen=True, slots=True)
class ReopeningDecision:
    """The opportunity as it is, its close activity, and its new status reason."""

    opportunity: OpportunityRow
    close_id: UUID
    status_reason_id: UUID


_opportunity = table_of(models.Opportunity)
_activity = table_of(models.OpportunityClose)
_reason = table_of(models.StatusReason).c

_FIND_REASON = Statement(
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
        state=bindparam("state"),
        status_reason_id=bindparam("status_reason_id"),
        actual_revenue=bindparam("actual_revenue"),
        closed_on=bindparam("closed_on"),
        close_id=bindparam("close_id"),
        version=_opportunity.c.version + 1,
        updated_at=bindparam("now"),
    )
)
_CANCEL_ACTIVITY = Statement(
    update(_activity)
    .where(
        _activity.c.organization_id == bindparam("organization_id"),
        _activity.c.id == bindparam("close_id"),
        _activity.c.state == ActivityState.COMPLETED,
    )
    .values(state=ActivityState.CANCELED)
)


@idempotent("reopenOpportunity")
async def reopen_opportunity(
    transaction: Transaction, caller: Caller, command: ReopenOpportunity
) -> ReopenedOpportunity:
    """Reopen a won or lost opportunity and cancel its close activity; its quotes do not change.

    Raises:
        NotFound: the caller's organization has no such opportunity.
        StaleVersion: the opportunity does not have the expected version.
        RuleViolation: the opportunity is open; or another rule rejects the command, and the code names it.
    """
    opportunity = await lock_opportunity(transaction, caller, command.opportunity_id)
    reason = await transaction.one(
        _FIND_REASON, organization_id=caller.organization_id, code=command.status_reason.code
    )
    decision = decide_reopening(opportunity, reason.id, command)
    return await apply_reopening(transaction, caller, decision)


def decide_reopening(
    opportunity: OpportunityRow | None, status_reason_id: UUID, command: ReopenOpportunity
) -> ReopeningDecision:
    """Return what reopening changes; raises as ``reopen_opportunity`` does."""
    opportunity = require_found(opportunity, "opportunity", OPPORTUNITY_ID)
    if opportunity.close_id is None:
        message = "The opportunity is open already. There is nothing to reopen."
        raise RuleViolation("OPPORTUNITY_OPEN", message, OPPORTUNITY_ID)
    check_version("opportunity", opportunity, command.expected_version)
    return ReopeningDecision(opportunity, opportunity.close_id, status_reason_id)


async def apply_reopening(
    transaction: Transaction, caller: Caller, decision: ReopeningDecision
) -> ReopenedOpportunity:
    """Write the opportunity and its close activity, an audit entry and an event."""
    opportunity = decision.opportunity
    key = {"organization_id": caller.organization_id}
    values = {
        "state": OpportunityState.OPEN,
        "status_reason_id": decision.status_reason_id,
        "actual_revenue": None,
        "closed_on": None,
        "close_id": None,
    }
    await transaction.update_exactly(_REOPEN, **key, opportunity_id=opportunity.id, now=caller.now, **values)
    await transaction.update_exactly(_CANCEL_ACTIVITY, **key, close_id=decision.close_id)
    entry = AuditEntry(
        AuditAction.OPPORTUNITY_REOPENED, opportunity.id, opportunity.id, diff(opportunity, values)
    )
    await record_change(transaction, caller, [entry], EventKind.OPPORTUNITY_REOPENED, [opportunity.id])
    return ReopenedOpportunity(opportunity.id, decision.close_id)
