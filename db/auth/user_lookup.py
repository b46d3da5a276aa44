"""Finding an organization and its people by what people call them."""

from uuid import UUID

from sqlalchemy import bindparam, func, or_, select

from db import models
from db.domain.errors import DealdeskError
from db.master_data.organizations import UserRef, find_default_user
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


class UserNotFound(DealdeskError):
    """No organization, or none of its users, is called that; or more than one is."""


async def find_user(transaction: Transaction, organization: str | None, user: str | None) -> UserRef:
    """Return a user of an organization: the organization by its name, the user by e-mail address or name.

    Unless named, it is the organization that is older than the others, and its first user.

    Raises:
        NoSuchMember: there is not exactly one of that name.
    """
    if organization is None:
        served = await find_default_user(transaction)
        if served is None:
            raise UserNotFound(
                "The database holds no organization with a user yet. `dealdesk import` and `dealdesk migrate"
                " --sample` bring one."
            )
    else:
        served = await _first_of(transaction, organization)
    return served if user is None else await _called(transaction, served.organization_id, user)


async def _first_of(transaction: Transaction, organization: str) -> UserRef:
    rows = await transaction.rows(_FIRST_USERS, organization=organization)
    if not rows or len({row.organization_id for row in rows}) > 1:
        some = "More than one organization is" if rows else "No organization with a user is"
        raise UserNotFound(f"{some} called {organization!r}.")
    return UserRef(rows[0].organization_id, rows[0].id)


async def _called(transaction: Transaction, organization_id: UUID, user: str) -> UserRef:
    rows = await transaction.rows(_CALLED, organization_id=organization_id, user=user)
    if len(rows) != 1:
        some = "More than one user" if rows else "No user"
        raise UserNotFound(f"{some} of the organization has the e-mail address or name {user!r}.")
    return UserRef(organization_id, rows[0].id)


_organization = table_of(models.Organization).c
_user = table_of(models.User).c

_FIRST_USERS = Statement(
    select(_user.organization_id, _user.id)
    .join_from(models.User, models.Organization, _organization.id == _user.organization_id)
    .where(_organization.name == bindparam("organization"))
    .order_by(_user.created_at, _user.id)
)
_CALLED = Statement(
    select(_user.id).where(
        _user.organization_id == bindparam("organization_id"),
        or_(func.lower(_user.email) == func.lower(bindparam("user")), _user.name == bindparam("user")),
    )
)
