"""On whose behalf, and when, something is asked of the rules and the planner."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Caller:
    """A user of one organization at one moment (UTC); everything a request does happens at that moment."""

    organization_id: UUID
    user_id: UUID
    now: datetime

    @property
    def today(self) -> date:
        """The day in UTC."""
        return self.now.date()
