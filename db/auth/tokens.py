"""API tokens: create, list, revoke and find them.

A token is 256 random bits after a prefix that secret scanners recognize. Only its SHA-256 is stored, so
reading the database reveals no token. Random tokens need no slow hash, and a lookup by hash leaks nothing by
its timing.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.domain.caller import Role
from db.domain.errors import DealdeskError
from db.domain.ids import new_id
from db.domain.names import is_name
from db.master_data.organizations import UserRef
from db.sql.array_param import InArray
from db.sql.database import Database, Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

TOKEN_PREFIX = "dealdesk_"  # noqa: S105 - no secret

MAX_TOKEN_NAME_LENGTH = 100
"""In characters."""

_TOKEN = re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}")


class TokenRow(NamedTuple):
    """A stored token with the name of its user; times are in UTC."""

    organization_id: UUID
    id: UUID
    user_id: UUID
    role: str
    name: str
    digest: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    user_name: str


_token = table_of(models.ApiToken).c
_user = table_of(models.User).c
_is_unrevoked_with_name = (
    _token.organization_id == bindparam("organization_id"),
    _token.name == bindparam("name"),
    _token.revoked_at.is_(None),
)

_INSERT = insert_statement(models.ApiToken)
_FIND_UNREVOKED = Statement(select(_token.id).where(*_is_unrevoked_with_name))
_REVOKE = Statement(
    update(models.ApiToken)
    .where(*_is_unrevoked_with_name)
    .values(revoked_at=bindparam("now", type_=_token.revoked_at.type))
)
_tokens = select(*_token, _user.name.label("user_name")).join_from(
    models.ApiToken,
    models.User,
    (_user.organization_id == _token.organization_id) & (_user.id == _token.user_id),
)
_LIST = Statement(
    _tokens.where(_token.organization_id == bindparam("organization_id")).order_by(
        _token.created_at, _token.id
    ),
    TokenRow,
)
_ANY = Statement(select(_token.id).limit(1))
_ANY_VALID = Statement(
    select(_token.id)
    .where(
        _token.revoked_at.is_(None),
        _token.expires_at.is_(None) | (_token.expires_at > bindparam("now", type_=_token.expires_at.type)),
    )
    .limit(1)
)
_UNREVOKED_DIGESTS = Statement(
    select(_token.digest).where(InArray(_token.digest, "digests"), _token.revoked_at.is_(None))
)
_FIND_BY_DIGEST = Statement(_tokens.where(_token.digest == bindparam("digest")), TokenRow)


class InvalidTokenName(DealdeskError):
    """The name is invalid, or another token has it."""


class TokenNotFound(DealdeskError):
    """No unrevoked token has the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateToken:
    """A new token: its user, role and name. ``expires_at`` is in UTC; without it the token never expires."""

    user: UserRef
    role: Role
    name: str
    expires_at: datetime | None = None


async def create_token(transaction: Transaction, command: CreateToken, *, now: datetime) -> str:
    """Store a token and return it. It can't be read again.

    Raises:
        InvalidTokenName: the name is empty, too long or not printable, or an unrevoked token has it.
    """
    organization_id = command.user.organization_id
    name = command.name.strip()
    if not 0 < len(name) <= MAX_TOKEN_NAME_LENGTH or not is_name(name):
        raise InvalidTokenName(
            f"A token's name has 1 to {MAX_TOKEN_NAME_LENGTH} printable characters. Choose another one."
        )
    if await transaction.rows(_FIND_UNREVOKED, organization_id=organization_id, name=name):
        raise InvalidTokenName(f"There is a token {name!r} already. Revoke it first, or choose another name.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    await transaction.execute(
        _INSERT,
        organization_id=organization_id,
        id=new_id(),
        user_id=command.user.user_id,
        role=command.role,
        name=name,
        digest=token_digest(token),
        created_at=now,
        expires_at=command.expires_at,
        revoked_at=None,
    )
    return token


async def revoke_token(transaction: Transaction, organization_id: UUID, name: str, *, now: datetime) -> None:
    """Make the token with this name invalid, for good.

    Raises:
        TokenNotFound: the organization has no unrevoked token with this name.
    """
    if not await transaction.execute(_REVOKE, organization_id=organization_id, name=name, now=now):
        raise TokenNotFound(f"There is no token {name!r} to revoke. `dealdesk token list` shows all tokens.")


async def list_tokens(database: Database, organization_id: UUID) -> list[TokenRow]:
    """Return the tokens of an organization, including revoked ones, the oldest first."""
    return await database.rows(_LIST, organization_id=organization_id)


async def any_token_exists(transaction: Transaction) -> bool:
    """Return whether any organization has a token, even a revoked one."""
    return bool(await transaction.rows(_ANY))


async def any_token_is_valid(database: Database, now: datetime) -> bool:
    """Return whether any organization has a token that is neither revoked nor expired."""
    return bool(await database.rows(_ANY_VALID, now=now))


async def find_token(database: Database, digest: str) -> TokenRow | None:
    """Return the token with this digest."""
    rows = await database.rows(_FIND_BY_DIGEST, digest=digest)
    return rows[0] if rows else None


async def unrevoked_digests(database: Database, digests: Sequence[str]) -> set[str]:
    """Return the digests that belong to unrevoked tokens."""
    return {row.digest for row in await database.rows(_UNREVOKED_DIGESTS, digests=digests)}


def looks_like_token(text: str) -> bool:
    """Return whether the text has the form of a token, so that a lookup makes sense."""
    return _TOKEN.fullmatch(text) is not None


def token_digest(token: str) -> str:
    """Return the SHA-256 of a token in hex, which is what is stored."""
    return sha256(token.encode()).hexdigest()
