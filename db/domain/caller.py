"""The caller of a request: user, organization, role and time."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The role of a user in the organization, from the fewest permissions to the most."""

    READER = "READER"
    SALES = "SALES"
    MANAGER = "MANAGER"
    ADMIN = "ADMIN"

    @property
    def and_higher(self) -> "tuple[Role, ...]":
        """The role itself and the roles with more permissions."""
        return _AND_HIGHER[self]


_AND_HIGHER = {role: tuple(Role)[index:] for index, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Caller:
    """The user who makes a request; ``now`` (UTC) is the time of everything that the request does."""

    organization_id: UUID
    user_id: UUID
    role: Role
    now: datetime

    @property
    def today(self) -> date:
        """The date in UTC."""
        return self.now.date()
