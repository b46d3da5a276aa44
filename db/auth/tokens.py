"""API tokens: what programs, and people without an issuer of tokens, show to be let in.

A token is 256 random bits behind a word by which scanners for secrets find it. Only its SHA-256 is stored:
whoever reads the database can't ask with what is in it. A token so random needs no slow hash, and as it is
found by its hash, nothing is compared whose time could tell about it.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from db import models
from db.domain.caller import Role
from db.domain.errors import DealdeskError
from db.domain.ids import new_id
from db.master_data.organizations import UserRef
from db.sql.array_param import InArray
from db.sql.database import Database, Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

TOKEN_PREFIX = "dealdesk_"  # noqa: S105 - what every token begins with, no secret

MAX_TOKEN_NAME_LENGTH = 100
"""In characters."""

_SHAPE = re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}")


class InvalidTokenName(DealdeskError):
    """A token can't have the name."""


class TokenNotFound(DealdeskError):
    """No token that could be revoked has the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateToken:
    """A new token: whose it is, what it may do, and until when (UTC; None is for ever)."""

    user: UserRef
    role: Role
    name: str
    expires_at: datetime | None = None


async def create_token(transaction: Transaction, draft: CreateToken, *, now: datetime) -> str:
    """Store a token and return it, which nothing can do again.

    Raises:
        BadTokenName: it is empty or too long, or another token has it.
    """
    name = draft.name.strip()
    if not 0 < len(name) <= MAX_TOKEN_NAME_LENGTH or not name.isprintable():
        raise InvalidTokenName(
            f"A token's name has 1 to {MAX_TOKEN_NAME_LENGTH} printable characters. Choose another one."
        )
    if await transaction.rows(_UNREVOKED, organization_id=draft.user.organization_id, name=name):
        raise InvalidTokenName(f"There is a token {name!r} already. Revoke it first, or choose another name.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    await transaction.execute(
        _INSERT,
        organization_id=draft.user.organization_id,
        id=new_id(),
        user_id=draft.user.user_id,
        role=draft.role,
        name=name,
        digest=token_digest(token),
        created_at=now,
        expires_at=draft.expires_at,
        revoked_at=None,
    )
    return token


async def revoke_token(transaction: Transaction, organization_id: UUID, name: str, *, now: datetime) -> None:
    """Let the token of this name be of no use any more, for good.

    Raises:
        NoSuchToken: the organization has none of this name that is not revoked already.
    """
    if not await transaction.execute(_REVOKE, organization_id=organization_id, name=name, now=now):
        raise TokenNotFound(f"There is no token {name!r} to revoke. `dealdesk token list` names them.")


async def list_tokens(database: Database, organization_id: UUID) -> list[Any]:
    """Return the tokens of an organization with ``user_name``, the oldest first, revoked ones included."""
    return await database.rows(_LIST, organization_id=organization_id)


async def any_token_exists(transaction: Transaction) -> bool:
    """Say whether there is a token of any organization, or has been one."""
    return bool(await transaction.rows(_ANY))


async def any_token_is_valid(database: Database, now: datetime) -> bool:
    """Say whether a token of any organization would let somebody in."""
    return bool(await database.rows(_WORKING, now=now))


async def find_token(database: Database, digest: str) -> Any:
    """Return the row of a token, or None."""
    rows = await database.rows(_BY_DIGEST, digest=digest)
    return rows[0] if rows else None


async def unrevoked_digests(database: Database, digests: Sequence[str]) -> set[str]:
    """Return those of some digests whose tokens were not revoked."""
    return {row.digest for row in await database.rows(_UNREVOKED_AMONG, digests=digests)}


def looks_like_token(text: str) -> bool:
    """Say whether a text could be a token: if not, nobody needs to look for it."""
    return _SHAPE.fullmatch(text) is not None


def token_digest(token: str) -> str:
    """Return what is stored of a token."""
    return sha256(token.encode()).hexdigest()


_token = table_of(models.ApiToken).c
_user = table_of(models.User).c
_of_name = (
    _token.organization_id == bindparam("organization_id"),
    _token.name == bindparam("name"),
    _token.revoked_at.is_(None),
)

_INSERT = insert_statement(models.ApiToken)
_UNREVOKED = Statement(select(_token.id).where(*_of_name))
_REVOKE = Statement(
    update(models.ApiToken).where(*_of_name).values(revoked_at=bindparam("now", type_=_token.revoked_at.type))
)
_LIST = Statement(
    select(*_token, _user.name.label("user_name"))
    .join_from(
        models.ApiToken,
        models.User,
        (_user.organization_id == _token.organization_id) & (_user.id == _token.user_id),
    )
    .where(_token.organization_id == bindparam("organization_id"))
    .order_by(_token.created_at, _token.id)
)
_ANY = Statement(select(_token.id).limit(1))
_WORKING = Statement(
    select(_token.id)
    .where(
        _token.revoked_at.is_(None),
        _token.expires_at.is_(None) | (_token.expires_at > bindparam("now", type_=_token.expires_at.type)),
    )
    .limit(1)
)
_UNREVOKED_AMONG = Statement(
    select(_token.digest).where(InArray(_token.digest, "digests"), _token.revoked_at.is_(None))
)
_BY_DIGEST = Statement(select(*_token).where(_token.digest == bindparam("digest")))
