"""Create and update accounts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple, TypedDict
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit, diff
from db.domain.caller import Caller
from db.domain.errors import NotFound, Path
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
from db.guards.preconditions import check_version, require_found
from db.master_data.audited_insert import insert_audited
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """Create an account. ``annual_revenue`` is in millions of US dollars."""

    name: str
    industry: str | None = None
    country: str | None = None
    established: int | None = None
    employees: int | None = None
    annual_revenue: Decimal | None = None
    parent_account_id: UUID | None = None
    idempotency_key: str | None = None


class AccountChanges(TypedDict, total=False):
    """The fields of an account to change; the others stay as they are."""

    name: str
    industry: str | None
    country: str | None
    established: int | None
    employees: int | None
    annual_revenue: Decimal | None
    parent_account_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAccount:
    """Change an account."""

    account_id: UUID
    changes: AccountChanges = field(default_factory=AccountChanges)
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedAccount:
    """The account that was created or changed."""

    account_id: UUID


class AccountRow(NamedTuple):
    """A locked account."""

    organization_id: UUID
    id: UUID
    name: str
    industry: str | None
    country: str | None
    established: int | None
    employees: int | None
    annual_revenue: Decimal | None
    parent_account_id: UUID | None
    version: int
    created_at: datetime


class _AccountId(NamedTuple):
    id: UUID


@dataclass(frozen=True, slots=True)
class AccountReferences:
    """Other accounts that a new name or parent depends on.

    ``parent_chain`` contains the new parent and all accounts above it. It is empty without a new parent, or
    if the organization has no such account.
    """

    is_name_taken: bool
    parent_chain: frozenset[UUID]


_NAME: Path = ("input", "name")
_PARENT: Path = ("input", "parentAccountId")

FIELD_VALIDATORS: dict[str, Validator] = {
    "name": validate_text,
    "industry": validate_optional_text,
    "country": validate_optional_text,
    "established": partial(validate_integer, allowed=range(1, 10_000)),
    "employees": partial(validate_integer, allowed=range(2**31)),
    "annual_revenue": validate_amount,
}
_COLUMNS = (*FIELD_VALIDATORS, "parent_account_id")

_account = table_of(models.Account)
_organization = table_of(models.Organization).c
_is_of_organization = _account.c.organization_id == bindparam("organization_id")
_is_account = _is_of_organization & (_account.c.id == bindparam("account_id"))

_LOCK = Statement(select(*_account.c).where(_is_account).with_for_update(key_share=True), AccountRow)
_LOCK_ORGANIZATION = Statement(
    select(_organization.id)
    .where(_organization.id == bindparam("organization_id"))
    .with_for_update(key_share=True)
)
_FIND_BY_NAME = Statement(
    select(_account.c.id).where(_is_of_organization, _account.c.name == bindparam("name")), _AccountId
)
_chain = (
    select(_account.c.id, _account.c.parent_account_id)
    .where(_is_of_organization, _account.c.id == bindparam("parent_account_id"))
    .cte("above", recursive=True)
)
_parent = _account.alias()
_PARENT_CHAIN = Statement(
    select(
        _chain.union(
            select(_parent.c.id, _parent.c.parent_account_id).where(
                _parent.c.organization_id == bindparam("organization_id"),
                _parent.c.id == _chain.c.parent_account_id,
            )
        ).c.id
    ),
    _AccountId,
)
_INSERT = insert_statement(models.Account)
_UPDATE = Statement(
    update(_account)
    .where(_is_account)
    .values({name: bindparam(name) for name in _COLUMNS} | {"version": _account.c.version + 1})
)


@idempotent("createAccount")
async def create_account(transaction: Transaction, caller: Caller, command: CreateAccount) -> ChangedAccount:
    """Create an account.

    Raises:
        NotFound: the caller's organization has no such parent account.
        RuleViolation: the name is taken, or another rule rejects the command; the code names it.
    """
    values = _validate({name: getattr(command, name) for name in _COLUMNS})
    check_references(await load_references(transaction, caller, values), values)
    account_id = await insert_audited(transaction, caller, _INSERT, values, AuditAction.ACCOUNT_CREATED)
    return ChangedAccount(account_id)


@idempotent("updateAccount")
async def update_account(transaction: Transaction, caller: Caller, command: UpdateAccount) -> ChangedAccount:
    """Change an account; if nothing differs, nothing is written.

    Raises:
        NotFound: the caller's organization has no such account or parent account.
        StaleVersion: the account does not have the expected version.
        RuleViolation: the name is taken, the parent belongs to the account, or another rule rejects the
            command; the code names it.
    """
    changes = _validate(command.changes)
    key = {"organization_id": caller.organization_id, "account_id": command.account_id}
    row = await transaction.row(_LOCK, **key)
    account = require_found(row, "account", ("input", "accountId"))
    check_version("account", account, command.expected_version)
    differences = diff(account, changes)
    changed = {name: changes[name] for name in differences}
    check_references(await load_references(transaction, caller, changed), changed, account_id=account.id)
    if differences:
        values = {name: getattr(account, name) for name in _COLUMNS} | changed
        await transaction.update_exactly(_UPDATE, **key, **values)
        entry = AuditEntry(AuditAction.ACCOUNT_UPDATED, account.id, None, differences)
        await append_audit(transaction, caller, [entry])
    return ChangedAccount(account.id)


async def load_references(
    transaction: Transaction, caller: Caller, values: Mapping[str, object]
) -> AccountReferences:
    """Return whether a new name is taken, and the chain of a new parent, locked against changes."""
    organization_id, parent_account_id = caller.organization_id, values.get("parent_account_id")
    same_name: list[_AccountId] = []
    chain: list[_AccountId] = []
    if "name" in values:
        same_name = await transaction.rows(
            _FIND_BY_NAME, organization_id=organization_id, name=values["name"]
        )
    if parent_account_id is not None:
        await transaction.rows(_LOCK_ORGANIZATION, organization_id=organization_id)
        chain = await transaction.rows(
            _PARENT_CHAIN, organization_id=organization_id, parent_account_id=parent_account_id
        )
    return AccountReferences(bool(same_name), frozenset(row.id for row in chain))


def check_references(
    references: AccountReferences, values: Mapping[str, object], *, account_id: UUID | None = None
) -> None:
    """Check a new name and a new parent; ``account_id`` is the account that gets them, if it exists already.

    Raises:
        NotFound: there is no such parent account.
        RuleViolation: the name is taken, or the parent belongs to the account.
    """
    problems = Problems()
    if references.is_name_taken:
        problems.add(
            "ACCOUNT_NAME_TAKEN", "There is an account with this name already. Send another name.", _NAME
        )
    parent_account_id = values.get("parent_account_id")
    if parent_account_id is not None and parent_account_id not in references.parent_chain:
        problems.add_refusal(NotFound("account", _PARENT))
    check_parent_chain(problems, account_id, references.parent_chain)
    problems.raise_first()


def check_parent_chain(problems: Problems, account: object, parent_chain: Collection[object]) -> None:
    """Check that an account is not in the chain of its own parents. Both consist of ids, or of names."""
    if account in parent_chain:
        problems.add(
            "PARENT_ACCOUNT_BELOW",
            "The parent account belongs to this account itself. Send another one, or none.",
            _PARENT,
        )


def _validate(values: Mapping[str, object]) -> dict[str, object]:
    problems = Problems()
    valid = validate_fields(problems, values, FIELD_VALIDATORS, ("input",))
    problems.raise_first()
    return valid
