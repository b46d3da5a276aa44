"""The organization that an import writes to, and the rows in it that opportunities refer to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.importers.report import EntityKind, ImportSummary
from db.master_data.bulk_insert import insert_rows
from db.master_data.organizations import create_organization, find_default_user
from db.models.tenant_scoped import TenantScoped
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


class _IdByKey(NamedTuple):
    key: str
    id: UUID


class _IdByCode(NamedTuple):
    code: int
    id: UUID


def _ids_by(model: type[TenantScoped], key: str) -> Statement[_IdByKey]:
    table = table_of(model)
    is_of_organization = table.c.organization_id == bindparam("organization_id")
    return Statement(select(table.c[key].label("key"), table.c.id).where(is_of_organization), _IdByKey)


def _set(model: type[TenantScoped], column: str) -> Statement:
    table = table_of(model)
    return Statement(
        update(table)
        .where(table.c.organization_id == bindparam("organization_id"), table.c.id == bindparam("child_id"))
        .values({column: bindparam("parent_id")})
    )


_FIND_IDS = {
    EntityKind.USER: _ids_by(models.User, "email"),
    EntityKind.CONTRACTING_UNIT: _ids_by(models.ContractingUnit, "name"),
    EntityKind.ACCOUNT: _ids_by(models.Account, "name"),
}
_SET_PARENT = {
    EntityKind.USER: _set(models.User, "manager_id"),
    EntityKind.ACCOUNT: _set(models.Account, "parent_account_id"),
}
_reason = table_of(models.StatusReason).c
_FIND_STATUS_REASONS = Statement(
    select(_reason.code, _reason.id).where(
        _reason.organization_id == bindparam("organization_id"), _reason.code.is_not(None)
    ),
    _IdByCode,
)


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """One import into one organization; ``now`` is in UTC, ``summary`` is updated with every row."""

    transaction: Transaction
    organization_id: UUID
    now: datetime
    summary: ImportSummary = field(default_factory=ImportSummary)

    @classmethod
    async def open(cls, transaction: Transaction, *, new_organization_name: str, now: datetime) -> Self:
        """Return the oldest organization, or create one if the database is empty."""
        user = await find_default_user(transaction)
        if user is None:
            organization_id = await create_organization(transaction, new_organization_name, now=now)
            target = cls(transaction, organization_id, now)
            target.summary.imported[EntityKind.ORGANIZATION] += 1
        else:
            target = cls(transaction, user.organization_id, now)
            target.summary.existing[EntityKind.ORGANIZATION] += 1
        return target

    async def find_or_insert(
        self,
        kind: EntityKind,
        rows: Mapping[str, TenantScoped],
        *,
        parents: Mapping[str, str] | None = None,
    ) -> tuple[Mapping[str, UUID], set[str]]:
        """Insert the rows whose keys are not stored yet; return all ids by key, and the inserted keys.

        The key of a user is the e-mail address, of other rows the name. ``parents`` maps the keys of rows
        to those of their managers or parent accounts.
        """
        stored = await self.transaction.rows(_FIND_IDS[kind], organization_id=self.organization_id)
        ids = {key: row.id for key, row in rows.items()} | {row.key: row.id for row in stored}
        inserted = rows.keys() - {row.key for row in stored}
        await insert_rows(self.transaction, [row for key, row in rows.items() if key in inserted])
        if parents:  # after all rows are inserted, because a file may name a child before its parent
            values = [
                {"organization_id": self.organization_id, "child_id": ids[key], "parent_id": ids[parent]}
                for key, parent in parents.items()
                if key in inserted
            ]
            await self.transaction.execute_many(_SET_PARENT[kind], values)
        self.summary.imported[kind] += len(inserted)
        self.summary.existing[kind] += len(rows) - len(inserted)
        return ids, inserted

    async def status_reason_ids(self) -> Mapping[int, UUID]:
        """Return the ids of the status reasons by Dataverse's code."""
        rows = await self.transaction.rows(_FIND_STATUS_REASONS, organization_id=self.organization_id)
        return {row.code: row.id for row in rows}
