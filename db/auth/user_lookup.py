"""Find a user of an organization by name or e-mail address."""

from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.domain.errors import DealdeskError
from db.master_data.organizations import UserRef, find_default_user
from db.sql.ascii_lower import AsciiLower
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

_organization = table_of(models.Organization).c
_user = table_of(models.User).c

_USERS_OF_ORGANIZATION = Statement(
    select(_user.organization_id, _user.id.label("user_id"))
    .join_from(models.User, models.Organization, _organization.id == _user.organization_id)
    .where(_organization.name == bindparam("organization"))
    .order_by(_user.created_at, _user.id),
    UserRef,
)
_users = select(_user.organization_id, _user.id.label("user_id")).where(
    _user.organization_id == bindparam("organization_id")
)
_FIND_BY_EMAIL = Statement(_users.where(AsciiLower(_user.email) == AsciiLower(bindparam("user"))), UserRef)
_FIND_BY_NAME = Statement(_users.where(_user.name == bindparam("user")), UserRef)


class UserNotFound(DealdeskError):
    """No organization or user has the name, or several have."""


async def find_user(transaction: Transaction, organization: str | None, user: str | None) -> UserRef:
    """Return the user with an e-mail address or name, in the organization with a name.

    The defaults are the oldest organization and its first user.

    Raises:
        UserNotFound: not exactly one organization or user has the name.
    """
    if organization is None:
        found = await find_default_user(transaction)
        if found is None:
            raise UserNotFound(
                "The database holds no organization with a user yet. Create one with `dealdesk import` or"
                " `dealdesk migrate --sample`."
            )
    else:
        found = await _first_user(transaction, organization)
    return found if user is None else await _find_user(transaction, found.organization_id, user)


async def _first_user(transaction: Transaction, organization: str) -> UserRef:
    rows = await transaction.rows(_USERS_OF_ORGANIZATION, organization=organization)
    if not rows:
        raise UserNotFound(f"No organization with a user is called {organization!r}.")
    if len({row.organization_id for row in rows}) > 1:
        raise UserNotFound(f"More than one organization is called {organization!r}.")
    return rows[0]


async def _find_user(transaction: Transaction, organization_id: UUID, user: str) -> UserRef:
    # A name may be another person's address, so an address is never looked for among the names.
    statement = _FIND_BY_EMAIL if "@" in user else _FIND_BY_NAME
    rows = await transaction.rows(statement, organization_id=organization_id, user=user)
    if len(rows) != 1:
        count = "More than one user" if rows else "No user"
        raise UserNotFound(f"{count} of the organization has the e-mail address or name {user!r}.")
    return rows[0]
