"""Authentication: the Authorization header of a request proves a principal.

Two kinds of bearer token (RFC 6750) are accepted: API tokens of this server (db/auth/tokens.py) and, if an
issuer is configured, its JWTs (oidc.py).
"""

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

from api.auth.principal import Principal
from api.auth.sessions import Session, SessionRegistry
from api.http.errors import InvalidCredentials, MissingCredentials
from db.auth.tokens import find_token, looks_like_token, token_digest
from db.domain.caller import Caller, Role
from db.sql.database import Database

CACHE_SECONDS = 5.0
"""Time for which a credential is not checked again, and so may be used after it was revoked."""

MAX_CACHED_CREDENTIALS = 4096

MAX_HEADER_BYTES = 8192
"""The JWT of an issuer that lists the groups of a user has a few thousand bytes."""

_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*) *")
_CREATE_ANOTHER = "`dealdesk token create` creates another one."


class TokenAuthenticator(Protocol):
    """Authenticates the tokens of an issuer."""

    async def authenticate(self, token: str) -> Principal:
        """Return the principal of a token.

        Raises:
            InvalidCredentials: the token is not valid.
            Unavailable: the token cannot be checked at the moment.
        """


class Authenticator:
    """Authenticates requests by API tokens, and by the tokens of an ``issuer`` if there is one.

    ``clock`` returns the current time (UTC).
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
        self._cache: dict[bytes, tuple[float, Principal]] = {}
        self._sessions = SessionRegistry(database, clock, interval=CACHE_SECONDS)

    async def authenticate(self, authorization: bytes | None) -> Principal:
        """Return the principal of an Authorization header, from the cache if possible.

        Raises:
            MissingCredentials: there is no header.
            InvalidCredentials: the header is not valid; the message never repeats it.
            Unavailable: the credential cannot be checked at the moment.
        """
        if authorization is None:
            raise MissingCredentials
        key = sha256(authorization).digest()  # keeps credentials out of the memory
        cached = self._cache.get(key)
        if cached is not None and cached[0] > time.monotonic():
            return cached[1]

        match = _BEARER.fullmatch(authorization) if len(authorization) <= MAX_HEADER_BYTES else None
        if match is None:
            raise InvalidCredentials(
                f"The header must be `Authorization: Bearer TOKEN`, with at most {MAX_HEADER_BYTES} bytes."
            )
        token = match[1].decode()
        if looks_like_token(token):
            principal = await self._authenticate_api_token(token)
        elif self._issuer is not None:
            principal = await self._issuer.authenticate(token)
        else:
            raise InvalidCredentials(f"This is not a token of this server. {_CREATE_ANOTHER}")

        self._cache.pop(key, None)
        if len(self._cache) >= MAX_CACHED_CREDENTIALS:
            del self._cache[next(iter(self._cache))]  # the oldest entry
        seconds = min(CACHE_SECONDS, principal.seconds_left(self._clock()))
        self._cache[key] = (time.monotonic() + seconds, principal)
        return principal

    def caller(self, principal: Principal) -> Caller:
        """Return the caller of an operation that starts now."""
        return Caller(principal.organization_id, principal.user_id, principal.role, self._clock())

    def track_session(self, principal: Principal) -> AbstractContextManager[Session]:
        """Track a connection that stays open, and must end when its credential does."""
        return self._sessions.track(principal)

    async def _authenticate_api_token(self, token: str) -> Principal:
        row = await find_token(self._database, token_digest(token))
        if row is None:
            raise InvalidCredentials(f"This token is unknown. {_CREATE_ANOTHER}")
        if row.revoked_at is not None:
            raise InvalidCredentials(f"This token was revoked. {_CREATE_ANOTHER}")
        principal = Principal(row.organization_id, row.user_id, Role(row.role), row.expires_at, row.digest)
        if principal.seconds_left(self._clock()) <= 0:
            raise InvalidCredentials(f"This token has expired. {_CREATE_ANOTHER}")
        return principal
