"""Create an open opportunity."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff_created, record_change
from db.domain.caller import Caller
from db.domain.enums import OpenReason, OpportunityState
from db.domain.ids import new_id
from db.domain.validation import Problems, validate_fields
from db.guards.idempotency import idempotent
from db.opportunities.references import (
    FIELD_VALIDATORS,
    OpportunityReferences,
    ReferencedIds,
    load_references,
    validate_references,
)
from db.sql.database import Transaction
from db.sql.statements import insert_statement


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOpportunity:
    """Create an opportunity. Defaults: the caller owns it, its currency is that of the contracting unit."""

    name: str
    description: str | None = None
    account_id: UUID
    owner_id: UUID | None = None
    contracting_unit_id: UUID
    currency_code: str | None = None
    estimated_revenue: Decimal
    estimated_close_date: date | None = None
    status_reason: OpenReason = OpenReason.IN_PROGRESS
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedOpportunity:
    """The opportunity that was created or changed."""

    opportunity_id: UUID


_INSERT = insert_statement(models.Opportunity)


@idempotent("createOpportunity")
async def create_opportunity(
    transaction: Transaction, caller: Caller, command: CreateOpportunity
) -> ChangedOpportunity:
    """Create an open opportunity.

    Raises:
        NotFound: the caller's organization has no such account, user or contracting unit.
        RuleViolation: another rule rejects the command; the code names it.
    """
    ids = ReferencedIds(
        account_id=command.account_id,
        owner_id=command.owner_id or caller.user_id,
        contracting_unit_id=command.contracting_unit_id,
        status_reason=command.status_reason,
    )
    references = await load_references(transaction, caller, ids)
    values = decide_new_opportunity(references, command, caller)
    return await apply_new_opportunity(transaction, caller, values)


def decide_new_opportunity(
    references: OpportunityReferences, command: CreateOpportunity, caller: Caller
) -> Mapping[str, object]:
    """Return the values of the opportunity by column name; raises as ``create_opportunity`` does."""
    problems = Problems()
    fields = {name: getattr(command, name) for name in FIELD_VALIDATORS}
    fields = validate_fields(problems, fields, FIELD_VALIDATORS, ("input",))
    validate_references(problems, references)
    problems.raise_first()
    return {
        "name": fields["name"],
        "description": fields["description"],
        "account_id": command.account_id,
        "owner_id": command.owner_id or caller.user_id,
        "contracting_unit_id": command.contracting_unit_id,
        "currency_code": fields["currency_code"] or references.unit_currency,
        "state": OpportunityState.OPEN,
        "status_reason_id": references.reason_id,
        "estimated_revenue": fields["estimated_revenue"],
        "estimated_close_date": fields["estimated_close_date"],
    }


async def apply_new_opportunity(
    transaction: Transaction, caller: Caller, values: Mapping[str, object]
) -> ChangedOpportunity:
    """Write the opportunity, an audit entry and an event."""
    opportunity_id = new_id()
    await transaction.execute(
        _INSERT,
        organization_id=caller.organization_id,
        id=opportunity_id,
        version=1,
        created_at=caller.now,
        updated_at=caller.now,
        **values,
    )
    entry = AuditEntry(AuditAction.OPPORTUNITY_CREATED, opportunity_id, opportunity_id, diff_created(values))
    await record_change(transaction, caller, [entry], EventKind.OPPORTUNITY_CREATED, [opportunity_id])
    return ChangedOpportunity(opportunity_id)
