"""Update an open opportunity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from sqlalchemy import bindparam, update

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff, record_change
from db.domain.caller import Caller
from db.domain.enums import OpenReason, OpportunityState
from db.domain.validation import Problems, validate_fields
from db.guards.idempotency import idempotent
from db.guards.locking import OpportunityRow, lock_opportunity
from db.guards.preconditions import OPPORTUNITY_ID, check_open, check_version, require_found
from db.opportunities.create import ChangedOpportunity
from db.opportunities.references import (
    FIELD_VALIDATORS,
    OpportunityReferences,
    ReferencedIds,
    load_references,
    validate_references,
)
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


class OpportunityChanges(TypedDict, total=False):
    """The fields of an opportunity to change; the others stay as they are."""

    name: str
    description: str | None
    account_id: UUID
    owner_id: UUID
    estimated_revenue: Decimal
    estimated_close_date: date | None
    status_reason: OpenReason


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOpportunity:
    """Change an opportunity."""

    opportunity_id: UUID
    changes: OpportunityChanges = field(default_factory=OpportunityChanges)
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateOpportunityContext:
    """What updating an opportunity depends on."""

    opportunity: OpportunityRow
    references: OpportunityReferences


@dataclass(frozen=True, slots=True)
class UpdateOpportunityDecision:
    """The opportunity as it is, its new values by column name, and the differences to record."""

    opportunity: OpportunityRow
    values: Mapping[str, object]
    differences: Mapping[str, tuple[object, object]]


_COLUMNS = (
    "name",
    "description",
    "account_id",
    "owner_id",
    "status_reason_id",
    "estimated_revenue",
    "estimated_close_date",
)

_opportunity = table_of(models.Opportunity)

_UPDATE = Statement(
    update(_opportunity)
    .where(
        _opportunity.c.organization_id == bindparam("organization_id"),
        _opportunity.c.id == bindparam("opportunity_id"),
        _opportunity.c.state == OpportunityState.OPEN,
    )
    .values(
        {name: bindparam(name) for name in _COLUMNS}
        | {"version": _opportunity.c.version + 1, "updated_at": bindparam("now")}
    )
)


@idempotent("updateOpportunity")
async def update_opportunity(
    transaction: Transaction, caller: Caller, command: UpdateOpportunity
) -> ChangedOpportunity:
    """Change an open opportunity; if nothing differs, nothing is written.

    Raises:
        NotFound: the caller's organization has no such opportunity, account or user.
        OpportunityAlreadyClosed: the opportunity is won or lost.
        StaleVersion: the opportunity does not have the expected version.
        RuleViolation: another rule rejects the command; the code names it.
    """
    context = await load_update_opportunity_context(transaction, caller, command)
    decision = decide_opportunity_update(context, command)
    return await apply_opportunity_update(transaction, caller, decision)


async def load_update_opportunity_context(
    transaction: Transaction, caller: Caller, command: UpdateOpportunity
) -> UpdateOpportunityContext | None:
    """Lock the opportunity; load what it will refer to. Return None if there is no such opportunity."""
    opportunity = await lock_opportunity(transaction, caller, command.opportunity_id)
    if opportunity is None:
        return None
    ids = ReferencedIds(
        account_id=command.changes.get("account_id", opportunity.account_id),
        owner_id=command.changes.get("owner_id", opportunity.owner_id),
        contracting_unit_id=opportunity.contracting_unit_id,
        status_reason=command.changes.get("status_reason"),
    )
    return UpdateOpportunityContext(opportunity, await load_references(transaction, caller, ids))


def decide_opportunity_update(
    context: UpdateOpportunityContext | None, command: UpdateOpportunity
) -> UpdateOpportunityDecision:
    """Return the new values of the opportunity; raises as ``update_opportunity`` does."""
    problems = Problems()
    changes = validate_fields(problems, command.changes, FIELD_VALIDATORS, ("input",))
    problems.raise_first()
    context = require_found(context, "opportunity", OPPORTUNITY_ID)
    opportunity = context.opportunity
    check_open(opportunity)
    check_version("opportunity", opportunity, command.expected_version)
    validate_references(problems, context.references)
    problems.raise_first()
    if changes.pop("status_reason", None) is not None:
        changes["status_reason_id"] = context.references.reason_id
    values = {name: getattr(opportunity, name) for name in _COLUMNS} | changes
    return UpdateOpportunityDecision(opportunity, values, diff(opportunity, values))


async def apply_opportunity_update(
    transaction: Transaction, caller: Caller, decision: UpdateOpportunityDecision
) -> ChangedOpportunity:
    """Write the opportunity, an audit entry and an event, unless nothing differs."""
    opportunity = decision.opportunity
    if decision.differences:
        await transaction.update_exactly(
            _UPDATE,
            organization_id=caller.organization_id,
            opportunity_id=opportunity.id,
            now=caller.now,
            **decision.values,
        )
        entry = AuditEntry(
            AuditAction.OPPORTUNITY_UPDATED, opportunity.id, opportunity.id, decision.differences
        )
        await record_change(transaction, caller, [entry], EventKind.OPPORTUNITY_UPDATED, [opportunity.id])
    return ChangedOpportunity(opportunity.id)
