"""The states of opportunities, quotes and contracts, and the fixed reasons with their Dataverse codes."""

from enum import IntEnum, StrEnum


class OpportunityState(StrEnum):
    """The state of an opportunity."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class SeededReason(IntEnum):
    """The Dataverse codes of the status reasons that every organization has from the start."""

    IN_PROGRESS = 1
    ON_HOLD = 2
    WON = 3
    CANCELED = 4
    OUT_SOLD = 5


class OpenReason(StrEnum):
    """The status reason of an open opportunity: whether it is worked on."""

    IN_PROGRESS = "IN_PROGRESS"
    ON_HOLD = "ON_HOLD"

    @property
    def code(self) -> SeededReason:
        """The Dataverse code."""
        return SeededReason[self.value]


class ActivityState(StrEnum):
    """The state of a close activity: it is canceled when the opportunity is reopened."""

    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class QuoteState(StrEnum):
    """The state of a quote."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    WON = "WON"
    CLOSED = "CLOSED"


class QuoteStatusReason(StrEnum):
    """The status reason of a quote. Two of them have the same label in Dataverse, hence the longer names."""

    DRAFT_IN_PROGRESS = "DRAFT_IN_PROGRESS"
    ACTIVE_IN_PROGRESS = "ACTIVE_IN_PROGRESS"
    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"
    CANCELED = "CANCELED"
    REVISED = "REVISED"


QUOTE_STATUS_CODES: dict[QuoteStatusReason, int] = {
    reason: code for code, reason in enumerate(QuoteStatusReason, start=1)
}
"""The Dataverse code of each status reason of quotes, for imports and exports."""


class QuoteCloseReason(StrEnum):
    """The reasons with which a caller can close quotes."""

    LOST = "LOST"
    CANCELED = "CANCELED"


class QuoteLineKind(StrEnum):
    """The kind of a quote line: project work or a product."""

    PROJECT = "PROJECT"
    PRODUCT = "PRODUCT"


class BillingMethod(StrEnum):
    """The billing method of a project line."""

    TIME_AND_MATERIAL = "TIME_AND_MATERIAL"
    FIXED_PRICE = "FIXED_PRICE"


class ContractState(StrEnum):
    """The state of a project contract."""

    DRAFT = "DRAFT"
