"""Find an organization by name, and a user of it by name or e-mail address."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.domain.errors import DealdeskError
from db.master_data.organizations import UserRef, find_default_user
from db.sql.ascii_lower import AsciiLower
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


class _OrganizationId(NamedTuple):
    organization_id: UUID


_organization = table_of(models.Organization).c
_user = table_of(models.User).c

_ORGANIZATIONS_WITH_USERS = Statement(
    select(_user.organization_id)
    .distinct()
    .join_from(models.User, models.Organization, _organization.id == _user.organization_id)
    .where(_organization.name == bindparam("organization")),
    _OrganizationId,
)
_users = select(_user.organization_id, _user.id.label("user_id")).where(
    _user.organization_id == bindparam("organization_id")
)
_FIND_BY_EMAIL = Statement(_users.where(AsciiLower(_user.email) == AsciiLower(bindparam("user"))), UserRef)
_FIND_BY_NAME = Statement(_users.where(_user.name == bindparam("user")), UserRef)


class UserNotFound(DealdeskError):
    """No organization or user has the name, or several have."""


async def find_organization(transaction: Transaction, name: str | None) -> UUID:
    """Return the id of the organization with a name; by default, of the oldest one that has users.

    Raises:
        UserNotFound: not exactly one organization with users has the name.
    """
    if name is not None:
        return await _find_by_name(transaction, name)
    user = await find_default_user(transaction)
    if user is None:
        raise UserNotFound(
            "The database holds no organization with a user yet. Create one with `dealdesk import` or"
            " `dealdesk migrate --sample`."
        )
    return user.organization_id


async def find_user(transaction: Transaction, organization_id: UUID, user: str) -> UserRef:
    """Return the user of an organization with an e-mail address or, if there is no "@" in it, a name.

    A name may be another person's address, so an address is never looked for among the names.

    Raises:
        UserNotFound: not exactly one user has the address or name.
    """
    statement = _FIND_BY_EMAIL if "@" in user else _FIND_BY_NAME
    rows = await transaction.rows(statement, organization_id=organization_id, user=user)
    if len(rows) != 1:
        count = "More than one user" if rows else "No user"
        raise UserNotFound(f"{count} of the organization has the e-mail address or name {user!r}.")
    return rows[0]


async def _find_by_name(transaction: Transaction, name: str) -> UUID:
    rows = await transaction.rows(_ORGANIZATIONS_WITH_USERS, organization=name)
    if not rows:
        raise UserNotFound(f"No organization with a user is called {name!r}.")
    if len(rows) > 1:
        raise UserNotFound(f"More than one organization is called {name!r}.")
    return rows[0].organization_id
