"""Create a user at a first sign-in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit, diff_created
from db.domain.caller import Caller, Role
from db.domain.ids import new_id
from db.master_data.organizations import UserRef
from db.sql.database import Transaction
from db.sql.statements import insert_statement

NO_ADDRESS_DOMAIN = "no-address.invalid"
"""The domain of users without a verified e-mail address; mail to it is never delivered (RFC 6761)."""

_INSERT_USER = insert_statement(models.User)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUser:
    """A new user, and the role in which it acts. ``email`` is None if it has no verified address."""

    name: str
    email: str | None
    role: Role


async def create_user(
    transaction: Transaction, organization_id: UUID, command: CreateUser, *, now: datetime
) -> UserRef:
    """Insert a user and audit it, in the user's own name.

    Without an address, the user gets a unique one in ``NO_ADDRESS_DOMAIN``.
    """
    user = UserRef(organization_id, new_id())
    email = command.email or f"usr_{user.user_id}@{NO_ADDRESS_DOMAIN}"
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
