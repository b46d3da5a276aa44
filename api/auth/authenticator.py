"""Who asks: the Authorization header of a request becomes a caller.

Every request of every kind comes through here, before anything of it is read.
"""

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

from api.auth.principal import Principal
from api.auth.sessions import Session, SessionRegistry
from api.http.errors import InvalidCredentials, MissingCredentials
from db.auth.tokens import find_token, looks_like_token, token_digest
from db.domain.caller import Caller, Role
from db.sql.database import Database

CACHE_SECONDS = 5.0
"""Seconds for which a token is not looked up again: so long a revoked one may still be of use."""

MAX_CACHED_CREDENTIALS = 4096
MAX_HEADER_BYTES = 8192
"""Bytes of the header. The token of an issuer that lists somebody's groups takes a few thousand."""

_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*) *")

_ANOTHER = "`dealdesk token create` makes another one."


class TokenAuthenticator(Protocol):
    """Somebody else who vouches for users."""

    async def principal(self, token: str) -> Principal:
        """Return whom a token lets in.

        Raises:
            BadCredential: nobody.
            Unavailable: whether it does can't be found out now.
        """


class Authenticator:
    """Finds out who asks, by tokens of our own and by those of an ``issuer``, where there is one.

    ``clock`` tells the moment (UTC) at which each request happens.
    """

    def __init__(
        self,
        database: Database,
        issuer: TokenAuthenticator | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._issuer = issuer
        self._clock = clock
        self._remembered: dict[bytes, tuple[float, Principal]] = {}
        self._visits = SessionRegistry(database, clock, every=CACHE_SECONDS)

    async def caller(self, authorization: bytes | None) -> Caller:
        """Return on whose behalf a request is asked, at this moment; raises as ``principal`` does."""
        return self.caller_of(await self.principal(authorization))

    def caller_of(self, principal: Principal) -> Caller:
        """Return the caller at this moment."""
        return Caller(principal.organization_id, principal.user_id, principal.role, self._clock())

    async def principal(self, authorization: bytes | None) -> Principal:
        """Return whom an Authorization header lets in. Nothing is awaited for one that was seen lately.

        Raises:
            NoCredential: there is none.
            BadCredential: it is of no use; the message never repeats it.
            Unavailable: whether it is can't be found out now.
        """
        if authorization is None:
            raise MissingCredentials
        key = sha256(authorization).digest()  # so that nothing in memory lets anybody in
        remembered = self._remembered.get(key)
        if remembered is not None and remembered[0] > time.monotonic():
            return remembered[1]
        return self._remember(key, await self._find(_token(authorization)))

    def visit(self, principal: Principal) -> AbstractContextManager[Session]:
        """Watch over a connection that stays open, which must end when its credential does."""
        return self._visits.begin(principal)

    async def _find(self, token: str) -> Principal:
        if looks_like_token(token):
            return _principal(await find_token(self._database, token_digest(token)), self._clock())
        if self._issuer is None:
            raise InvalidCredentials(f"This is no token of this server. {_ANOTHER}")
        return await self._issuer.principal(token)

    def _remember(self, key: bytes, principal: Principal) -> Principal:
        self._remembered.pop(key, None)
        if len(self._remembered) >= MAX_CACHED_CREDENTIALS:
            del self._remembered[next(iter(self._remembered))]  # the one that was looked up first
        seconds = min(CACHE_SECONDS, principal.seconds_left(self._clock()))
        self._remembered[key] = (time.monotonic() + seconds, principal)
        return principal


def _token(authorization: bytes) -> str:
    match = _BEARER.fullmatch(authorization) if len(authorization) <= MAX_HEADER_BYTES else None
    if match is None:
        raise InvalidCredentials(
            f"The header must be: Authorization: Bearer and a token, up to {MAX_HEADER_BYTES} bytes."
        )
    return match[1].decode()


def _principal(row: Any, now: datetime) -> Principal:
    if row is None:
        raise InvalidCredentials(f"This token is unknown. {_ANOTHER}")
    if row.revoked_at is not None:
        raise InvalidCredentials(f"This token was revoked. {_ANOTHER}")
    principal = Principal(row.organization_id, row.user_id, Role(row.role), row.expires_at, row.digest)
    if principal.seconds_left(now) <= 0:
        raise InvalidCredentials(f"This token has expired. {_ANOTHER}")
    return principal
