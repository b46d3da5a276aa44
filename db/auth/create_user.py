"""Create users: at a first sign-in, and for tokens of programs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit, diff_created
from db.domain.caller import Caller, Role
from db.domain.ids import new_id
from db.master_data.organizations import UserRef
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

NO_ADDRESS_DOMAIN = "no-address.invalid"
"""The domain of users without a verified e-mail address; mail to it is never delivered (RFC 6761)."""

SERVICE_USER_DOMAIN = "service-user.invalid"
"""The domain of the users of programs; mail to it is never delivered either."""

_user = table_of(models.User).c

_FIND_SERVICE_USER = Statement(
    select(_user.organization_id, _user.id.label("user_id"))
    .where(
        _user.organization_id == bindparam("organization_id"),
        _user.name == bindparam("name"),
        _user.email.like(f"%@{SERVICE_USER_DOMAIN}"),
    )
    .order_by(_user.created_at, _user.id)
    .limit(1),
    UserRef,
)
_INSERT_USER = insert_statement(models.User)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUser:
    """A new user, and the role in which it acts.

    ``email`` is None if it has no verified address; it then gets a unique one in ``domain``.
    """

    name: str
    role: Role
    email: str | None = None
    domain: str = NO_ADDRESS_DOMAIN


async def create_user(
    transaction: Transaction, organization_id: UUID, command: CreateUser, *, now: datetime
) -> UserRef:
    """Insert a user and audit it, in the user's own name."""
    user = UserRef(organization_id, new_id())
    email = command.email or f"usr_{user.user_id}@{command.domain}"
    values = {"name": command.name, "email": email}
    await transaction.execute(
        _INSERT_USER,
        organization_id=organization_id,
        id=user.user_id,
        **values,
        manager_id=None,
        version=1,
        created_at=now,
    )
    entry = AuditEntry(AuditAction.USER_CREATED, user.user_id, None, diff_created(values))
    await append_audit(transaction, Caller(organization_id, user.user_id, command.role, now), [entry])
    return user


async def find_or_create_service_user(
    transaction: Transaction, organization_id: UUID, name: str, role: Role, *, now: datetime
) -> UserRef:
    """Return the service user with this name, the user of a program; create it if there is none."""
    found = await transaction.row(_FIND_SERVICE_USER, organization_id=organization_id, name=name)
    if found is not None:
        return found
    command = CreateUser(name=name, role=role, domain=SERVICE_USER_DOMAIN)
    return await create_user(transaction, organization_id, command, now=now)
