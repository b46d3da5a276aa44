"""Organizations: create one, and find the default user."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from db import models
from db.domain.enums import OpportunityState, SeededReason
from db.domain.ids import new_id
from db.master_data.bulk_insert import insert_rows
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

SEEDED_STATUS_REASONS = (
    (OpportunityState.OPEN, SeededReason.IN_PROGRESS, "In Progress"),
    (OpportunityState.OPEN, SeededReason.ON_HOLD, "On Hold"),
    (OpportunityState.WON, SeededReason.WON, "Won"),
    (OpportunityState.LOST, SeededReason.CANCELED, "Canceled"),
    (OpportunityState.LOST, SeededReason.OUT_SOLD, "Out-Sold"),
)
"""The status reasons of a new organization: state, Dataverse's code, label."""


class UserRef(NamedTuple):
    """A user of an organization."""

    organization_id: UUID
    user_id: UUID


_organization = table_of(models.Organization).c
_user = table_of(models.User).c

_DEFAULT_USER = Statement(
    select(_user.organization_id, _user.id.label("user_id"))
    .join_from(models.User, models.Organization, _organization.id == _user.organization_id)
    .order_by(_organization.created_at, _organization.id, _user.created_at, _user.id)
    .limit(1),
    UserRef,
)


async def find_default_user(transaction: Transaction) -> UserRef | None:
    """Return the first user of the oldest organization that has users, or None if there are no users."""
    return await transaction.row(_DEFAULT_USER)


async def create_organization(transaction: Transaction, name: str, *, now: datetime) -> UUID:
    """Insert an organization with the seeded status reasons and no users, and return its id."""
    organization = models.Organization(id=new_id(), name=name, created_at=now)
    reasons = [
        models.StatusReason(
            organization_id=organization.id, id=new_id(), state=state, code=code, label=label, created_at=now
        )
        for state, code, label in SEEDED_STATUS_REASONS
    ]
    await insert_rows(transaction, [organization, *reasons])
    return organization.id
