"""The rows that a new or changed opportunity refers to: account, owner, contracting unit, status reason."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, exists, select

from db import models
from db.domain.caller import Caller
from db.domain.enums import OpenReason
from db.domain.errors import NotFound
from db.domain.validation import (
    Problems,
    Validator,
    validate_amount,
    validate_currency,
    validate_date,
    validate_description,
    validate_text,
)
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


class ReferencedIds(NamedTuple):
    """The ids of the rows to refer to; the status reason is found by its code."""

    account_id: UUID
    owner_id: UUID
    contracting_unit_id: UUID
    status_reason: OpenReason | None


class OpportunityReferences(NamedTuple):
    """Whether the referenced rows exist.

    ``unit_currency`` is the currency of the contracting unit, None if there is no such unit. ``reason_id`` is
    the id of the status reason, None if no reason was sent.
    """

    has_account: bool
    has_owner: bool
    unit_currency: str | None
    reason_id: UUID | None


FIELD_VALIDATORS: dict[str, Validator] = {
    "name": validate_text,
    "description": lambda problems, _field, text, path: validate_description(problems, text, path),
    "currency_code": validate_currency,
    "estimated_revenue": validate_amount,
    "estimated_close_date": validate_date,
}

_account = table_of(models.Account).c
_user = table_of(models.User).c
_unit = table_of(models.ContractingUnit).c
_reason = table_of(models.StatusReason).c
_organization_id: BindParameter[UUID] = bindparam("organization_id")

_LOAD = Statement(
    select(
        exists()
        .where(_account.organization_id == _organization_id, _account.id == bindparam("account_id"))
        .label("has_account"),
        exists()
        .where(_user.organization_id == _organization_id, _user.id == bindparam("owner_id"))
        .label("has_owner"),
        select(_unit.currency_code)
        .where(_unit.organization_id == _organization_id, _unit.id == bindparam("contracting_unit_id"))
        .scalar_subquery()
        .label("unit_currency"),
        select(_reason.id)
        .where(_reason.organization_id == _organization_id, _reason.code == bindparam("reason_code"))
        .scalar_subquery()
        .label("reason_id"),
    ),
    OpportunityReferences,
)


async def load_references(
    transaction: Transaction, caller: Caller, ids: ReferencedIds
) -> OpportunityReferences:
    """Return which of the rows exist in the caller's organization."""
    return await transaction.one(
        _LOAD,
        organization_id=caller.organization_id,
        account_id=ids.account_id,
        owner_id=ids.owner_id,
        contracting_unit_id=ids.contracting_unit_id,
        reason_code=ids.status_reason and ids.status_reason.code,
    )


def validate_references(problems: Problems, references: OpportunityReferences) -> None:
    """Check that account, owner and contracting unit exist."""
    if not references.has_account:
        problems.add_refusal(NotFound("account", ("input", "accountId")))
    if not references.has_owner:
        problems.add_refusal(NotFound("user", ("input", "ownerId")))
    if references.unit_currency is None:
        problems.add_refusal(NotFound("contracting unit", ("input", "contractingUnitId")))
