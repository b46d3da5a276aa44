"""What an import did: what landed, what was there already, what was odd, what was refused."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from db.domain.enums import OpportunityState


class EntityKind(StrEnum):
    """What lands, in the words of a report."""

    ORGANIZATION = "organizations"
    USER = "users"
    CONTRACTING_UNIT = "contracting units"
    ACCOUNT = "accounts"
    OPPORTUNITY = "opportunities"
    QUOTE = "quotes"


class Correction(StrEnum):
    """What is odd in a row, and the rule by which it lands all the same."""

    SPELLING = "misspelt industry or country: corrected"
    NO_PARENT = "parent company not in accounts.csv: left out"
    PRODUCT_NAME = 'product "GTXPro": read as "GTX Pro"'
    NO_ACCOUNT = 'no account: put under "No account yet"'
    NO_ENGAGE_DATE = "no engage date: created on its close date, while open on the day of the import"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not land; ``line`` counts from 1, the header included."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Counts of one import. The quirks, and the opportunities by state, are those of what landed."""

    imported: Counter[EntityKind] = field(default_factory=Counter)
    existing: Counter[EntityKind] = field(default_factory=Counter)
    opportunities_by_state: Counter[OpportunityState] = field(default_factory=Counter)
    corrections: Counter[Correction] = field(default_factory=Counter)
    rejected: list[RejectedRow] = field(default_factory=list)
