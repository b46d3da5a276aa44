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
    """A row that was not imported. ``line`` counts from 1 and includes the header."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Counts of one import.

    ``opportunities_by_state`` and ``corrections`` cover the imported rows only. A correction is named by the
    text that the report shows.
    """

    imported: Counter[EntityKind] = field(default_factory=Counter)
    existing: Counter[EntityKind] = field(default_factory=Counter)
    opportunities_by_state: Counter[OpportunityState] = field(default_factory=Counter)
    corrections: Counter[str] = field(default_factory=Counter)
    rejected: list[RejectedRow] = field(default_factory=list)
