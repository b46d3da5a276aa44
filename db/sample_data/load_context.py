"""What all rows of one company of the sample share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from db.domain.enums import OpportunityState
from db.domain.ids import new_id


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days that count back from today."""

    today: date

    def day(self, ago: int) -> date:
        """Return the day that is so many days ago; below zero, it is still to come."""
        return self.today - timedelta(days=ago)

    def instant(self, ago: int) -> datetime:
        """Return nine o'clock (UTC) of that day."""
        return datetime.combine(self.day(ago), time(9), UTC)


@dataclass(frozen=True, slots=True)
class LoadContext:
    """An organization, its calendar, and ids by name; status reasons come with their state."""

    organization_id: UUID
    calendar: Calendar
    ids: Mapping[str, UUID]
    reasons: Mapping[str, tuple[UUID, OpportunityState]]

    def keys(self, name: str | None = None) -> dict[str, Any]:
        """Return the primary key of a row: of the one with this name, or a new one."""
        return {
            "organization_id": self.organization_id,
            "id": new_id() if name is None else self.ids[name],
        }
