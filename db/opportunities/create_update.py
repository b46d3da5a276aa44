"""Pursuing a deal while it is open: an opportunity is created, put on hold, handed over, estimated anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, exists, select, update

from db import models
from db.audit.log import AuditAction, AuditEntry, EventKind, diff, diff_created, record_change
from db.domain.caller import Caller
from db.domain.closing_details import validate_description
from db.domain.enums import OpenReason, OpportunityState
from db.domain.errors import NotFound
from db.domain.ids import new_id
from db.domain.validation import (
    Validator,
    validate_amount,
    validate_currency,
    validate_fields,
    validate_text,
)
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_opportunity
from db.guards.preconditions import OPPORTUNITY_ID, check_open, check_version
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOpportunity:
    """A new opportunity. Its owner is the caller unless sent, its currency the contracting unit's."""

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


class OpportunityChanges(TypedDict, total=False):
    """What is to be changed of an opportunity; what is missing stays as it is."""

    name: str
    description: str | None
    account_id: UUID
    owner_id: UUID
    estimated_revenue: Decimal
    estimated_close_date: date | None
    status_reason: OpenReason


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOpportunity:
    """What to change of which opportunity."""

    opportunity_id: UUID
    changes: OpportunityChanges = field(default_factory=OpportunityChanges)
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedOpportunity:
    """The opportunity that was created or changed."""

    opportunity_id: UUID


async def create_opportunity(
    transaction: Transaction, caller: Caller, draft: CreateOpportunity
) -> ChangedOpportunity:
    """Create an open opportunity.

    Raises:
        NotFound: the caller's organization has no such account, user or contracting unit.
        RuleViolation: any other rule about what was sent; the code says which.
    """
    limited = validate_fields({name: getattr(draft, name) for name in _LIMITS}, _LIMITS, ("input",))
    draft = replace(draft, **limited)
    return await _CREATE_OPPORTUNITY.run(
        transaction, caller, draft, lambda: _create(transaction, caller, draft)
    )


async def update_opportunity(
    transaction: Transaction, caller: Caller, sent: UpdateOpportunity
) -> ChangedOpportunity:
    """Change an open opportunity; what it holds already is no change, and writes nothing.

    Raises:
        NotFound: the caller's organization has no such opportunity, account or user.
        OpportunityAlreadyClosed: it is won or lost.
        StaleVersion: it is not at the expected version.
        RuleViolation: any other rule about what was sent; the code says which.
    """
    changes: Any = validate_fields(sent.changes, _LIMITS, ("input",))
    sent = replace(sent, changes=changes)
    return await _UPDATE_OPPORTUNITY.run(
        transaction, caller, sent, lambda: _update(transaction, caller, sent)
    )


async def _create(transaction: Transaction, caller: Caller, draft: CreateOpportunity) -> ChangedOpportunity:
    named = await _named(
        transaction,
        caller,
        account_id=draft.account_id,
        owner_id=draft.owner_id or caller.user_id,
        contracting_unit_id=draft.contracting_unit_id,
        reason_code=draft.status_reason.code,
    )
    values = _values(caller, draft, named)
    opportunity_id = new_id()
    key = {"organization_id": caller.organization_id, "id": opportunity_id}
    await transaction.execute(
        _INSERT, **key, **values, version=1, created_at=caller.now, updated_at=caller.now
    )
    change = AuditEntry(AuditAction.OPPORTUNITY_CREATED, opportunity_id, opportunity_id, diff_created(values))
    await record_change(transaction, caller, [change], EventKind.OPPORTUNITY_CREATED, [opportunity_id])
    return ChangedOpportunity(opportunity_id)


def _values(caller: Caller, draft: CreateOpportunity, named: Any) -> dict[str, Any]:
    return {
        "name": draft.name,
        "description": draft.description,
        "account_id": draft.account_id,
        "owner_id": draft.owner_id or caller.user_id,
        "contracting_unit_id": draft.contracting_unit_id,
        "currency_code": draft.currency_code or named.currency_code,
        "state": OpportunityState.OPEN,
        "status_reason_id": named.reason_id,
        "estimated_revenue": draft.estimated_revenue,
        "estimated_close_date": draft.estimated_close_date,
    }


async def _update(transaction: Transaction, caller: Caller, sent: UpdateOpportunity) -> ChangedOpportunity:
    opportunity = await lock_opportunity(transaction, caller, sent.opportunity_id, OPPORTUNITY_ID)
    check_open(opportunity)
    check_version("opportunity", opportunity, sent.expected_version)
    values = await _changed(transaction, caller, opportunity, sent.changes)
    differences = diff(opportunity, values)
    if differences:
        await _write(transaction, caller, opportunity, values)
        change = AuditEntry(AuditAction.OPPORTUNITY_UPDATED, opportunity.id, opportunity.id, differences)
        await record_change(transaction, caller, [change], EventKind.OPPORTUNITY_UPDATED, [opportunity.id])
    return ChangedOpportunity(opportunity.id)


async def _changed(
    transaction: Transaction, caller: Caller, opportunity: Any, changes: OpportunityChanges
) -> dict[str, Any]:
    """Return every column that can be changed, with its value after the changes."""
    values: dict[str, Any] = {name: getattr(opportunity, name) for name in _CHANGEABLE} | changes
    reason: OpenReason | None = values.pop("status_reason", None)
    named = await _named(
        transaction,
        caller,
        account_id=values["account_id"],
        owner_id=values["owner_id"],
        contracting_unit_id=opportunity.contracting_unit_id,
        reason_code=None if reason is None else reason.code,
    )
    return values if reason is None else values | {"status_reason_id": named.reason_id}


async def _write(
    transaction: Transaction, caller: Caller, opportunity: Any, values: Mapping[str, Any]
) -> None:
    key = {"organization_id": caller.organization_id, "opportunity_id": opportunity.id}
    await transaction.update_exactly(_UPDATE, **key, **values, now=caller.now)


async def _named(transaction: Transaction, caller: Caller, **named: Any) -> Any:
    """Find what an opportunity names, its contracting unit's currency and a status reason by its code."""
    found = await transaction.one(_NAMED, organization_id=caller.organization_id, **named)
    if not found.has_account:
        raise NotFound("account", ("input", "accountId"))
    if not found.has_owner:
        raise NotFound("user", ("input", "ownerId"))
    if found.currency_code is None:
        raise NotFound("contracting unit", ("input", "contractingUnitId"))
    return found


_CREATE_OPPORTUNITY = IdempotentOperation("createOpportunity", ChangedOpportunity)
_UPDATE_OPPORTUNITY = IdempotentOperation("updateOpportunity", ChangedOpportunity)

_LIMITS: dict[str, Validator] = {
    "name": validate_text,
    "description": lambda _, text, path: validate_description(text, path),
    "currency_code": validate_currency,
    "estimated_revenue": validate_amount,
}
_CHANGEABLE = (
    "name",
    "description",
    "account_id",
    "owner_id",
    "status_reason_id",
    "estimated_revenue",
    "estimated_close_date",
)

_opportunity = table_of(models.Opportunity)
_account = table_of(models.Account).c
_user = table_of(models.User).c
_unit = table_of(models.ContractingUnit).c
_reason = table_of(models.StatusReason).c
_organization: BindParameter[Any] = bindparam("organization_id")

_NAMED = Statement(
    select(
        exists()
        .where(_account.organization_id == _organization, _account.id == bindparam("account_id"))
        .label("has_account"),
        exists()
        .where(_user.organization_id == _organization, _user.id == bindparam("owner_id"))
        .label("has_owner"),
        select(_unit.currency_code)
        .where(_unit.organization_id == _organization, _unit.id == bindparam("contracting_unit_id"))
        .scalar_subquery()
        .label("currency_code"),
        select(_reason.id)
        .where(_reason.organization_id == _organization, _reason.code == bindparam("reason_code"))
        .scalar_subquery()
        .label("reason_id"),
    )
)
_INSERT = insert_statement(models.Opportunity)
_UPDATE = Statement(
    update(_opportunity)
    .where(
        _opportunity.c.organization_id == _organization,
        _opportunity.c.id == bindparam("opportunity_id"),
        _opportunity.c.state == OpportunityState.OPEN,
    )
    .values(
        {name: bindparam(name) for name in _CHANGEABLE}
        | {"version": _opportunity.c.version + 1, "updated_at": bindparam("now")}
    )
)
