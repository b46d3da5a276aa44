"""The principal: who a credential proves that the caller is."""

from dataclasses import dataclass
from datetime import datetime
from math import inf
from uuid import UUID

from db.domain.caller import Role


@dataclass(frozen=True, slots=True)
class Principal:
    """A user in a role.

    ``expires_at`` (UTC) is None if the credential never expires. ``token_digest`` is the digest of an API
    token, which can be revoked; it is None for tokens of an OpenID Connect issuer.
    """

    organization_id: UUID
    user_id: UUID
    role: Role
    expires_at: datetime | None = None
    token_digest: str | None = None

    def seconds_left(self, now: datetime) -> float:
        """Return the seconds until the credential expires; 0 or less if it has expired."""
        return inf if self.expires_at is None else (self.expires_at - now).total_seconds()
