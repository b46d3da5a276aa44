"""On whose behalf, and when, something is asked of the rules and the planner."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What someone is to the organization, from who may do least to who may do all."""

    READER = "READER"
    SALES = "SALES"
    MANAGER = "MANAGER"
    ADMIN = "ADMIN"

    @property
    def and_higher(self) -> "tuple[Role, ...]":
        """Return this role and those that may do more."""
        return _AND_ABOVE[self]


_AND_ABOVE = {role: tuple(Role)[place:] for place, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Caller:
    """A user of one organization at one moment (UTC); everything a request does happens at that moment."""

    organization_id: UUID
    user_id: UUID
    role: Role
    now: datetime

    @property
    def today(self) -> date:
        """The day in UTC."""
        return self.now.date()
