"""What opportunities stand on: the people, contracting units and accounts of an import."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select, update

from db import models
from db.domain.ids import new_id
from db.importers.pipeline.parser import Agent, Customer, Pipeline
from db.importers.pipeline.report import EntityKind, ImportSummary
from db.master_data.organizations import insert_rows
from db.models.tenant_scoped import TenantScoped
from db.sql.database import Transaction
from db.sql.statements import Statement

CURRENCY = "USD"
"""What every amount of the files is in."""

NO_ACCOUNT = "No account yet"
"""The account of the deals whose customer the files don't name."""


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """Where and when rows land, and the account that is kept of it."""

    transaction: Transaction
    organization_id: UUID
    now: datetime
    summary: ImportSummary


@dataclass(frozen=True, slots=True)
class References:
    """Ids by name: of users by e-mail address, of status reasons by Dataverse's code."""

    users: Mapping[str, UUID]
    units: Mapping[str, UUID]
    accounts: Mapping[str, UUID]
    reasons: Mapping[int, UUID]


async def insert_references(to: ImportTarget, pipeline: Pipeline, *, with_no_account: bool) -> References:
    """Insert the people, units and accounts that aren't there yet, and return where everything stands."""
    nobody = {NO_ACCOUNT: Customer()} if with_no_account else {}
    reasons = await to.transaction.rows(_REASONS, organization=to.organization_id)
    return References(
        users=await _users(to, pipeline.agents.values()),
        units=await _units(to, {agent.office: None for agent in pipeline.agents.values()}),
        accounts=await _accounts(to, {**pipeline.customers, **nobody}),
        reasons={reason.name: reason.id for reason in reasons},
    )


def email(name: str) -> str:
    """Return an address for somebody of whom only the name is known, in a domain that is nobody's."""
    return f"{'.'.join(name.casefold().split())}@example.com"


async def _users(to: ImportTarget, agents: Collection[Agent]) -> Mapping[str, UUID]:
    manager_of = _managers_first(agents)
    rows = {
        email(name): models.User(**_keys(to), name=name, email=email(name), created_at=to.now)
        for name in manager_of
    }
    ids, new = await _insert_missing(to, EntityKind.USER, _USERS, rows)
    managers = {email(name): email(manager) for name, manager in manager_of.items() if manager}
    await _set_parents(to, _SET_MANAGER, {ids[name]: ids[managers[name]] for name in new & managers.keys()})
    return ids


def _managers_first(agents: Collection[Agent]) -> Mapping[str, str | None]:
    """Return each person's manager; the first user of a new organization is the first manager named."""
    managers: dict[str, str | None] = {agent.manager: None for agent in agents}
    return managers | {agent.name: agent.manager for agent in agents}


async def _units(to: ImportTarget, names: Iterable[str]) -> Mapping[str, UUID]:
    rows = {
        name: models.ContractingUnit(**_keys(to), name=name, currency_code=CURRENCY, created_at=to.now)
        for name in names
    }
    ids, _ = await _insert_missing(to, EntityKind.CONTRACTING_UNIT, _UNITS, rows)
    return ids


async def _accounts(to: ImportTarget, customers: Mapping[str, Customer]) -> Mapping[str, UUID]:
    rows = {name: _account(to, name, customer) for name, customer in customers.items()}
    ids, new = await _insert_missing(to, EntityKind.ACCOUNT, _ACCOUNTS, rows)
    parents = {name: customer.parent for name, customer in customers.items() if customer.parent}
    await _set_parents(to, _SET_PARENT, {ids[name]: ids[parents[name]] for name in new & parents.keys()})
    to.summary.corrections.update(quirk for name in new for quirk in customers[name].corrections)
    return ids


def _account(to: ImportTarget, name: str, customer: Customer) -> models.Account:
    return models.Account(
        **_keys(to),
        name=name,
        industry=customer.industry,
        country=customer.country,
        established=customer.established,
        employees=customer.employees,
        annual_revenue=customer.annual_revenue,
        created_at=to.now,
    )


def _keys(to: ImportTarget) -> dict[str, Any]:
    return {"organization_id": to.organization_id, "id": new_id()}


async def _insert_missing(
    to: ImportTarget, noun: EntityKind, there: Statement, rows: Mapping[str, TenantScoped]
) -> tuple[Mapping[str, UUID], set[str]]:
    """Insert the rows whose names aren't there; return the ids of all names, and which names are new."""
    found = await to.transaction.rows(there, organization=to.organization_id)
    ids = {row.name: row.id for row in found}
    new = rows.keys() - ids.keys()
    await insert_rows(to.transaction, [row for name, row in rows.items() if name in new])
    to.summary.imported[noun] += len(new)
    to.summary.existing[noun] += len(rows) - len(new)
    return {**{name: row.id for name, row in rows.items()}, **ids}, new


async def _set_parents(to: ImportTarget, statement: Statement, parents: Mapping[UUID, UUID]) -> None:
    """Point rows at their parents once all of them stand: the file may name a child first."""
    pairs = [
        {"organization": to.organization_id, "child": child, "parent": parent}
        for child, parent in parents.items()
    ]
    await to.transaction.execute_many(statement, pairs)


def _ids_by(table: type[TenantScoped], name: Any) -> Statement:
    of_organization = col(table.organization_id) == bindparam("organization")
    return Statement(select(col(name).label("name"), col(table.id)).where(of_organization))


def _setting(table: type[TenantScoped], column: str) -> Statement:
    child = (
        col(table.organization_id) == bindparam("organization"),
        col(table.id) == bindparam("child"),
    )
    return Statement(update(table).where(*child).values({column: bindparam("parent")}))


_USERS = _ids_by(models.User, models.User.email)
_UNITS = _ids_by(models.ContractingUnit, models.ContractingUnit.name)
_ACCOUNTS = _ids_by(models.Account, models.Account.name)
_REASONS = _ids_by(models.StatusReason, models.StatusReason.code)
_SET_MANAGER = _setting(models.User, "manager_id")
_SET_PARENT = _setting(models.Account, "parent_account_id")
