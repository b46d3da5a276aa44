"""Accounts: customers are entered and kept up to date."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit, diff, diff_created
from db.domain.caller import Caller
from db.domain.errors import NotFound, Path, RuleViolation
from db.domain.ids import new_id
from db.domain.validation import (
    Problems,
    Validator,
    validate_amount,
    validate_fields,
    validate_integer,
    validate_optional_text,
    validate_text,
)
from db.guards.idempotency import idempotent
from db.guards.preconditions import check_version
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """A new account. ``annual_revenue`` is in millions of US dollars."""

    name: str
    industry: str | None = None
    country: str | None = None
    established: int | None = None
    employees: int | None = None
    annual_revenue: Decimal | None = None
    parent_account_id: UUID | None = None
    idempotency_key: str | None = None


class AccountChanges(TypedDict, total=False):
    """What is to be changed of an account; what is missing stays as it is."""

    name: str
    industry: str | None
    country: str | None
    established: int | None
    employees: int | None
    annual_revenue: Decimal | None
    parent_account_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAccount:
    """What to change of which account."""

    account_id: UUID
    changes: AccountChanges = field(default_factory=AccountChanges)
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedAccount:
    """The account that was created or changed."""

    account_id: UUID


@idempotent("createAccount")
async def create_account(transaction: Transaction, caller: Caller, command: CreateAccount) -> ChangedAccount:
    """Create an account.

    Raises:
        NotFound: the caller's organization has no such parent account.
        RuleViolation: the name is taken; or another rule about what was sent, and the code says which.
    """
    problems = Problems()
    values = {name: getattr(command, name) for name in _COLUMNS}
    values = validate_fields(problems, values, _VALIDATORS, ("input",))
    problems.raise_first()
    return await _create(transaction, caller, values)


@idempotent("updateAccount")
async def update_account(transaction: Transaction, caller: Caller, command: UpdateAccount) -> ChangedAccount:
    """Change an account; what it holds already is no change, and writes nothing.

    Raises:
        NotFound: the caller's organization has no such account or parent account.
        StaleVersion: it is not at the expected version.
        RuleViolation: the name is taken, or the parent belongs to it; or another rule about what was sent,
            and the code says which.
    """
    problems = Problems()
    changes: Any = validate_fields(problems, command.changes, _VALIDATORS, ("input",))
    problems.raise_first()
    return await _update(transaction, caller, replace(command, changes=changes))


async def _create(transaction: Transaction, caller: Caller, values: Mapping[str, Any]) -> ChangedAccount:
    await _check_name_free(transaction, caller, values["name"])
    await _above(transaction, caller, values["parent_account_id"])
    account_id = new_id()
    key = {"organization_id": caller.organization_id, "id": account_id}
    await transaction.execute(_INSERT, **key, **values, version=1, created_at=caller.now)
    await append_audit(
        transaction, caller, [AuditEntry(AuditAction.ACCOUNT_CREATED, account_id, None, diff_created(values))]
    )
    return ChangedAccount(account_id)


async def _update(transaction: Transaction, caller: Caller, sent: UpdateAccount) -> ChangedAccount:
    key = {"organization_id": caller.organization_id, "account_id": sent.account_id}
    account = await transaction.row(_LOCK, **key)
    if account is None:
        raise NotFound("account", ("input", "accountId"))
    check_version("account", account, sent.expected_version)
    values: dict[str, Any] = {name: getattr(account, name) for name in _COLUMNS} | sent.changes
    differences = diff(account, values)
    await _check(transaction, caller, account, {name: values[name] for name in differences})
    if differences:
        await transaction.update_exactly(_UPDATE, **key, **values)
        change = AuditEntry(AuditAction.ACCOUNT_UPDATED, account.id, None, differences)
        await append_audit(transaction, caller, [change])
    return ChangedAccount(account.id)


async def _check(transaction: Transaction, caller: Caller, account: Any, changed: Mapping[str, Any]) -> None:
    if "name" in changed:
        await _check_name_free(transaction, caller, changed["name"])
    if account.id in await _above(transaction, caller, changed.get("parent_account_id")):
        raise RuleViolation(
            "PARENT_ACCOUNT_BELOW",
            "The parent account belongs to this account itself. Send another one, or none.",
            _PARENT,
        )


async def _check_name_free(transaction: Transaction, caller: Caller, name: str) -> None:
    if await transaction.rows(_NAMED, organization_id=caller.organization_id, name=name):
        raise RuleViolation(
            "ACCOUNT_NAME_TAKEN",
            "There is an account with this name already. Send another name.",
            ("input", "name"),
        )


async def _above(transaction: Transaction, caller: Caller, parent_account_id: UUID | None) -> set[UUID]:
    """Return the parent and all that it belongs to, which nobody else can change until this ends.

    Raises:
        NotFound: the organization has no such account.
    """
    if parent_account_id is None:
        return set()
    key = {"organization_id": caller.organization_id}
    await transaction.rows(_LOCK_ORGANIZATION, **key)
    rows = await transaction.rows(_ABOVE, **key, parent_account_id=parent_account_id)
    if not rows:
        raise NotFound("account", _PARENT)
    return {row.id for row in rows}


_PARENT: Path = ("input", "parentAccountId")

_VALIDATORS: dict[str, Validator] = {
    "name": validate_text,
    "industry": validate_optional_text,
    "country": validate_optional_text,
    "established": partial(validate_integer, allowed=range(1, 10_000)),
    "employees": partial(validate_integer, allowed=range(2**31)),
    "annual_revenue": validate_amount,
}
_COLUMNS = (*_VALIDATORS, "parent_account_id")

_account = table_of(models.Account)
_parent = _account.alias()
_organization = table_of(models.Organization).c
_this = (
    _account.c.organization_id == bindparam("organization_id"),
    _account.c.id == bindparam("account_id"),
)

_LOCK = Statement(select(*_account.c).where(*_this).with_for_update(key_share=True))
_LOCK_ORGANIZATION = Statement(
    select(_organization.id)
    .where(_organization.id == bindparam("organization_id"))
    .with_for_update(key_share=True)
)
_NAMED = Statement(
    select(_account.c.id).where(
        _account.c.organization_id == bindparam("organization_id"), _account.c.name == bindparam("name")
    )
)
_first = (
    select(_account.c.id, _account.c.parent_account_id)
    .where(
        _account.c.organization_id == bindparam("organization_id"),
        _account.c.id == bindparam("parent_account_id"),
    )
    .cte("above", recursive=True)
)
_ABOVE = Statement(
    select(
        _first.union(
            select(_parent.c.id, _parent.c.parent_account_id).where(
                _parent.c.organization_id == bindparam("organization_id"),
                _parent.c.id == _first.c.parent_account_id,
            )
        ).c.id
    )
)
_INSERT = insert_statement(models.Account)
_UPDATE = Statement(
    update(_account)
    .where(*_this)
    .values({name: bindparam(name) for name in _COLUMNS} | {"version": _account.c.version + 1})
)
