"""Whom a credential lets in."""

from dataclasses import dataclass
from datetime import datetime
from math import inf
from uuid import UUID

from db.domain.caller import Role


@dataclass(frozen=True, slots=True)
class Principal:
    """A user with a role, until a moment (UTC; None is for ever).

    ``digest`` is that of a token of our own, which may be revoked meanwhile.
    """

    organization_id: UUID
    user_id: UUID
    role: Role
    expires_at: datetime | None = None
    digest: str | None = None

    def seconds_left(self, now: datetime) -> float:
        """Return for how long the credential is valid; 0 or less where it is not any more."""
        return inf if self.expires_at is None else (self.expires_at - now).total_seconds()
