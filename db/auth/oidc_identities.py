"""Users of an OpenID Connect issuer: find them by subject, link them to users, create or unlink them.

A user is identified by issuer and subject, which an issuer never gives to another person. At the first
sign-in the subject is linked to the user with the verified e-mail address; if there is none, a user is
created. An address that the issuer did not verify is not stored: another person may have it. Addresses are
compared regardless of the case of ASCII letters, and have no other characters.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, or_, select

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit, diff_created, diff_deleted
from db.auth.create_user import CreateUser, create_user
from db.domain.caller import Caller, Role
from db.domain.errors import DealdeskError
from db.master_data.organizations import UserRef
from db.sql.ascii_lower import AsciiLower
from db.sql.column_types import Id
from db.sql.database import Database, Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

MAX_FIELD_LENGTH = 200
"""Characters of a name or an e-mail address."""

_EMAIL_ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


class _OrganizationAndUser(NamedTuple):
    organization_id: UUID
    user_id: UUID | None


class _UserAndSubject(NamedTuple):
    user_id: UUID
    subject: str | None


class IdentityRow(NamedTuple):
    """A subject of an issuer, and the user that it is linked to."""

    issuer: str
    subject: str
    user_id: UUID
    user_name: str
    email: str


_organization = table_of(models.Organization).c
_user = table_of(models.User).c
_identity = table_of(models.Identity).c

_FIND_ORGANIZATION_AND_USER = Statement(
    select(_organization.id.label("organization_id"), _identity.user_id)
    .outerjoin_from(
        models.Organization,
        models.Identity,
        and_(
            _identity.organization_id == _organization.id,
            _identity.issuer == bindparam("issuer"),
            _identity.subject == bindparam("subject"),
        ),
    )
    .where(
        or_(
            _organization.name == bindparam("organization"),
            _organization.id == bindparam("organization_id", type_=Id()),
        )
    ),
    _OrganizationAndUser,
)
_FIND_BY_EMAIL = Statement(
    select(_user.id.label("user_id"), _identity.subject)
    .outerjoin_from(
        models.User,
        models.Identity,
        and_(
            _identity.organization_id == _user.organization_id,
            _identity.user_id == _user.id,
            _identity.issuer == bindparam("issuer"),
        ),
    )
    .where(
        _user.organization_id == bindparam("organization_id"),
        AsciiLower(_user.email) == AsciiLower(bindparam("email")),
    )
    .order_by(_user.created_at, _user.id),
    _UserAndSubject,
)
_FIND_IDENTITY = Statement(
    select(_identity.user_id).where(
        _identity.organization_id == bindparam("organization_id"),
        _identity.issuer == bindparam("issuer"),
        _identity.subject == bindparam("subject"),
    )
)
_INSERT_IDENTITY = insert_statement(models.Identity)
_IDENTITIES = Statement(
    select(
        _identity.issuer,
        _identity.subject,
        _user.id.label("user_id"),
        _user.name.label("user_name"),
        _user.email,
    )
    .join_from(
        models.Identity,
        models.User,
        and_(_user.organization_id == _identity.organization_id, _user.id == _identity.user_id),
    )
    .where(_identity.organization_id == bindparam("organization_id"))
    .order_by(_user.name, _user.id, _identity.issuer),
    IdentityRow,
)
_DELETE_IDENTITY = Statement(
    delete(models.Identity).where(
        _identity.organization_id == bindparam("organization_id"),
        _identity.issuer == bindparam("issuer"),
        _identity.subject == bindparam("subject"),
    )
)


class AccessDenied(DealdeskError):
    """The issuer's user is no user of the organization, and can't be linked or created."""


class IdentityNotFound(DealdeskError):
    """The user is not linked to a subject of an issuer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcUser:
    """A user as the token describes them. ``email_verified`` is None if the token lacks the claim.

    A program has no ``email``; ``email_required`` refuses it.
    """

    issuer: str
    subject: str
    role: Role
    name: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    email_required: bool = True


async def resolve_user(
    database: Database, organization: str, oidc_user: OidcUser, *, now: datetime
) -> UserRef:
    """Return the user with the issuer's subject; link or create one at the first sign-in.

    ``organization`` is a name or an id.

    Raises:
        AccessDenied: not exactly one organization is meant, or the user can't be linked or created.
    """
    rows = await database.rows(
        _FIND_ORGANIZATION_AND_USER,
        organization=organization,
        organization_id=_parse_organization_id(organization),
        issuer=oidc_user.issuer,
        subject=oidc_user.subject,
    )
    if len(rows) != 1:
        raise AccessDenied(f"{'More than one' if rows else 'No'} organization has the name in the token.")
    organization_id, user_id = rows[0]
    if user_id is not None:
        return UserRef(organization_id, user_id)
    return await database.write(lambda transaction: _link(transaction, organization_id, oidc_user, now))


async def list_identities(transaction: Transaction, organization_id: UUID) -> list[IdentityRow]:
    """Return the identities of all users of an organization, sorted by the users' names."""
    return await transaction.rows(_IDENTITIES, organization_id=organization_id)


async def unlink_user(
    transaction: Transaction, user: UserRef, by: UserRef, *, now: datetime
) -> list[IdentityRow]:
    """Remove all identities of a user and return them; the user's next sign-in is a first one.

    ``by`` is the user of the same organization in whose name the audit log records it.

    Raises:
        IdentityNotFound: the user has no identity.
    """
    identities = [
        row for row in await list_identities(transaction, user.organization_id) if row.user_id == user.user_id
    ]
    if not identities:
        raise IdentityNotFound(
            "The user is not linked to an identity. `dealdesk identity list` shows all identities."
        )
    entries = []
    for row in identities:
        key = {"issuer": row.issuer, "subject": row.subject}
        await transaction.update_exactly(_DELETE_IDENTITY, organization_id=user.organization_id, **key)
        entries.append(AuditEntry(AuditAction.USER_UNLINKED, user.user_id, None, diff_deleted(key)))
    await append_audit(transaction, Caller(user.organization_id, by.user_id, Role.ADMIN, now), entries)
    return identities


async def _link(
    transaction: Transaction, organization_id: UUID, oidc_user: OidcUser, now: datetime
) -> UserRef:
    """Link the subject to the user with its verified e-mail address, or to a new user."""
    identity = {"issuer": oidc_user.issuer, "subject": oidc_user.subject}
    linked = await transaction.row(_FIND_IDENTITY, organization_id=organization_id, **identity)
    if linked is not None:  # by a concurrent request
        return UserRef(organization_id, linked.user_id)
    email = oidc_user.email
    if email is None and not oidc_user.email_required:
        found = None
    elif email is None or not is_email_address(email):
        raise AccessDenied(
            "The token has no e-mail address of ASCII characters, which is required at the first sign-in."
        )
    else:
        found = await transaction.row(
            _FIND_BY_EMAIL, organization_id=organization_id, issuer=oidc_user.issuer, email=email
        )
    if found is None:
        if email is not None and oidc_user.email_verified is False:
            raise AccessDenied("The issuer says that the e-mail address is not verified.")
        command = CreateUser(
            name=(oidc_user.name or email or oidc_user.subject)[:MAX_FIELD_LENGTH],
            email=email if oidc_user.email_verified else None,
            role=oidc_user.role,
        )
        user = await create_user(transaction, organization_id, command, now=now)
    elif not oidc_user.email_verified:
        raise AccessDenied(
            "The e-mail address belongs to a user, and the token doesn't say that it is verified"
            " (email_verified)."
        )
    elif found.subject is not None:
        raise AccessDenied("The e-mail address belongs to a user who has another subject at this issuer.")
    else:
        user = UserRef(organization_id, found.user_id)
    await transaction.execute(
        _INSERT_IDENTITY, organization_id=organization_id, **identity, user_id=user.user_id, created_at=now
    )
    entry = AuditEntry(AuditAction.USER_IDENTIFIED, user.user_id, None, diff_created(identity))
    await append_audit(transaction, Caller(organization_id, user.user_id, oidc_user.role, now), [entry])
    return user


def is_email_address(text: str) -> bool:
    """Return whether the text is an e-mail address of ASCII characters to which mail can be delivered."""
    return (
        len(text) <= MAX_FIELD_LENGTH
        and _EMAIL_ADDRESS.fullmatch(text) is not None
        and not text.lower().endswith(".invalid")
    )


def _parse_organization_id(text: str) -> UUID | None:
    text = text.removeprefix("org_")
    try:
        organization_id = UUID(text)
    except ValueError:
        return None
    return organization_id if text.isascii() and text.lower() == str(organization_id) else None
