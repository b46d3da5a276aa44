"""Founding organizations, finding the one that is served, and storing many rows at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel, col, select

from db import models
from db.domain.caller import Caller, Role
from db.domain.enums import OpportunityState, SeededReason
from db.domain.ids import new_id
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement

SEEDED_STATUS_REASONS = (
    (OpportunityState.OPEN, SeededReason.IN_PROGRESS, "In Progress"),
    (OpportunityState.OPEN, SeededReason.ON_HOLD, "On Hold"),
    (OpportunityState.WON, SeededReason.WON, "Won"),
    (OpportunityState.LOST, SeededReason.CANCELED, "Canceled"),
    (OpportunityState.LOST, SeededReason.OUT_SOLD, "Out-Sold"),
)
"""The status reasons that every organization starts with: state, Dataverse's code, label."""


@dataclass(frozen=True, slots=True)
class UserRef:
    """The organization that the server answers for, and the user on whose behalf."""

    organization_id: UUID
    user_id: UUID

    def caller(self, now: datetime) -> Caller:
        """Return the caller at one moment (UTC)."""
        return Caller(self.organization_id, self.user_id, Role.ADMIN, now)


async def find_default_user(transaction: Transaction) -> UserRef | None:
    """Return the oldest organization and its first user, or None where there is none.

    An organization without users is passed over: there is nobody to answer.
    """
    row = await transaction.row(_OLDEST)
    return None if row is None else UserRef(row.organization_id, row.id)


async def create_organization(transaction: Transaction, name: str, *, now: datetime) -> UUID:
    """Insert an organization with its seeded status reasons and return its id; it has no users yet."""
    organization = models.Organization(id=new_id(), name=name, created_at=now)
    reasons = [
        models.StatusReason(
            organization_id=organization.id, id=new_id(), state=state, code=code, label=label, created_at=now
        )
        for state, code, label in SEEDED_STATUS_REASONS
    ]
    await insert_rows(transaction, [organization, *reasons])
    return organization.id


async def insert_rows(transaction: Transaction, rows: Iterable[SQLModel]) -> None:
    """Insert rows of any tables, each table after those that it points at.

    Within a table they are inserted in the order given.
    """
    rows_of: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        rows_of[type(row)].append(row.model_dump())
    for table in sorted(rows_of, key=_PARENTS_FIRST.index):
        await transaction.execute_many(_INSERTIONS[table], rows_of[table])


_OLDEST = Statement(
    select(models.User.organization_id, models.User.id)
    .join(models.Organization, col(models.Organization.id) == col(models.User.organization_id))
    .order_by(
        col(models.Organization.created_at),
        col(models.Organization.id),
        col(models.User.created_at),
        col(models.User.id),
    )
    .limit(1)
)
_PARENTS_FIRST: tuple[type[SQLModel], ...] = (
    models.Organization,
    models.User,
    models.ContractingUnit,
    models.Account,
    models.Competitor,
    models.StatusReason,
    models.Opportunity,
    models.OpportunityClose,
    models.Quote,
    models.QuoteLine,
    models.QuoteClose,
    models.ProjectContract,
    models.ProjectContractLine,
)
_INSERTIONS = {table: insert_statement(table) for table in _PARENTS_FIRST}
