"""What all rows of one sample organization share: its id, its calendar and the ids of its master data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from db.domain.enums import OpportunityState


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates and times relative to today."""

    today: date

    def day(self, days_ago: int) -> date:
        """Return a date; a negative number is in the future."""
        return self.today - timedelta(days=days_ago)

    def instant(self, days_ago: int) -> datetime:
        """Return nine o'clock (UTC) of a day."""
        return datetime.combine(self.day(days_ago), time(9), UTC)


@dataclass(frozen=True, slots=True)
class LoadContext:
    """An organization, its calendar, the ids of its master data by name, and its status reasons by label."""

    organization_id: UUID
    calendar: Calendar
    ids: Mapping[str, UUID]
    status_reasons: Mapping[str, tuple[UUID, OpportunityState]]
