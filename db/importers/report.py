"""The report of an import: rows inserted, already stored, corrected and rejected."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from db.domain.enums import OpportunityState


class EntityKind(StrEnum):
    """The kinds of rows that an import inserts, as the report names them."""

    ORGANIZATION = "organizations"
    USER = "users"
    CONTRACTING_UNIT = "contracting units"
    ACCOUNT = "accounts"
    OPPORTUNITY = "opportunities"
    QUOTE = "quotes"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not imported. ``line`` is the one on which it begins, counted from 1 with the header."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnreadableRest:
    """The rest of a file that is not valid CSV from ``line`` on, and was not read."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Counts of one import.

    ``row_counts`` has the rows that were read of each file, imported, existing and rejected ones.
    ``opportunities_by_state`` and ``corrections`` cover the imported rows only. A correction is named by the
    text that the report shows.
    """

    row_counts: Counter[str] = field(default_factory=Counter)
    imported: Counter[EntityKind] = field(default_factory=Counter)
    existing: Counter[EntityKind] = field(default_factory=Counter)
    opportunities_by_state: Counter[OpportunityState] = field(default_factory=Counter)
    corrections: Counter[str] = field(default_factory=Counter)
    rejected: list[RejectedRow] = field(default_factory=list)
    unreadable: list[UnreadableRest] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether all rows of all files were imported or existed."""
        return not self.rejected and not self.unreadable
