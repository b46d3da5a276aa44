"""The users that an issuer of tokens vouches for: found by what the issuer calls them, or entered.

A user is known by issuer and subject, which never mean somebody else. The first time, the subject is joined
to the user who has the e-mail address that the issuer has verified; where nobody has it, a user is entered.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit, diff_created
from db.domain.caller import Caller, Role
from db.domain.errors import DealdeskError
from db.domain.ids import new_id
from db.master_data.organizations import UserRef
from db.sql.column_types import Id
from db.sql.database import Database, Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

MAX_FIELD_LENGTH = 200
"""Characters of a name or an e-mail address."""


class AccessDenied(DealdeskError):
    """The issuer vouches for somebody who is no user of the organization and can't be made one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcUser:
    """Somebody as an issuer knows them. ``email_verified`` is None where the issuer doesn't say."""

    issuer: str
    subject: str
    role: Role
    name: str | None = None
    email: str | None = None
    email_verified: bool | None = None


async def resolve_user(database: Database, organization: str, person: OidcUser, *, now: datetime) -> UserRef:
    """Return the user who is meant, in an organization by its name or id.

    Raises:
        NotAdmitted: there is no such organization, or nobody in it who can be said to be meant.
    """
    key = {"organization": organization, "organization_id": _uuid(organization)}
    known = await database.rows(_KNOWN, **key, issuer=person.issuer, subject=person.subject)
    if len(known) != 1:
        raise AccessDenied(
            f"{'More than one' if known else 'No'} organization is called what the token says."
        )
    organization_id, user_id = known[0]
    if user_id is not None:
        return UserRef(organization_id, user_id)
    return await database.write(lambda transaction: _join(transaction, organization_id, person, now))


async def _join(transaction: Transaction, organization_id: UUID, person: OidcUser, now: datetime) -> UserRef:
    if not person.email or len(person.email) > MAX_FIELD_LENGTH or "@" not in person.email:
        raise AccessDenied("The token has no e-mail address, which is needed the first time.")
    key = {"organization_id": organization_id, "issuer": person.issuer}
    found = await transaction.row(_BY_EMAIL, **key, email=person.email)
    if found is None:
        user_id = await _enter(transaction, organization_id, person, now)
    elif found.subject == person.subject:  # joined by another request meanwhile
        return UserRef(organization_id, found.id)
    else:
        _check_same(person, found.subject)
        user_id = found.id
    values = {**key, "subject": person.subject, "user_id": user_id, "created_at": now}
    await transaction.execute(_INSERT_IDENTITY, **values)
    caller = Caller(organization_id, user_id, person.role, now)
    joined = diff_created({"issuer": person.issuer, "subject": person.subject})
    await append_audit(transaction, caller, [AuditEntry(AuditAction.USER_IDENTIFIED, user_id, None, joined)])
    return UserRef(organization_id, user_id)


def _check_same(person: OidcUser, subject: str | None) -> None:
    if subject is not None:
        raise AccessDenied("The e-mail address is that of a user whom the issuer knows as somebody else.")
    if not person.email_verified:
        raise AccessDenied(
            "The e-mail address is a user's, and the issuer doesn't say that it is verified (email_verified)."
        )


async def _enter(transaction: Transaction, organization_id: UUID, person: OidcUser, now: datetime) -> UUID:
    if person.email_verified is False:
        raise AccessDenied("The issuer says that the e-mail address is not verified.")
    user_id = new_id()
    values = {"name": (person.name or person.email or "")[:MAX_FIELD_LENGTH], "email": person.email}
    key = {"organization_id": organization_id, "id": user_id}
    await transaction.execute(_INSERT_USER, **key, **values, manager_id=None, version=1, created_at=now)
    caller = Caller(organization_id, user_id, person.role, now)
    await append_audit(
        transaction, caller, [AuditEntry(AuditAction.USER_CREATED, user_id, None, diff_created(values))]
    )
    return user_id


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.removeprefix("org_"))
    except ValueError:
        return None


_organization = table_of(models.Organization).c
_user = table_of(models.User).c
_identity = table_of(models.Identity).c


def _same(*columns: str) -> ColumnElement[bool]:
    return and_(*(_identity[name] == bindparam(name) for name in columns))


_KNOWN = Statement(
    select(_organization.id, _identity.user_id)
    .outerjoin_from(
        models.Organization,
        models.Identity,
        and_(_identity.organization_id == _organization.id, _same("issuer", "subject")),
    )
    .where(
        or_(
            _organization.name == bindparam("organization"),
            _organization.id == bindparam("organization_id", type_=Id()),
        )
    )
)
_BY_EMAIL = Statement(
    select(_user.id, _identity.subject)
    .outerjoin_from(
        models.User,
        models.Identity,
        and_(
            _identity.organization_id == _user.organization_id,
            _identity.user_id == _user.id,
            _same("issuer"),
        ),
    )
    .where(
        _user.organization_id == bindparam("organization_id"),
        func.lower(_user.email) == func.lower(bindparam("email")),
    )
    .order_by(_user.created_at, _user.id)
)
_INSERT_USER = insert_statement(models.User)
_INSERT_IDENTITY = insert_statement(models.Identity)
