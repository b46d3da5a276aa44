"""The states of opportunities and quotes, and the reasons that are fixed, with Dataverse's codes."""

from enum import IntEnum, StrEnum


class OpportunityState(StrEnum):
    """Where an opportunity stands."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class SeededReason(IntEnum):
    """Dataverse's codes of the status reasons that every organization starts with."""

    IN_PROGRESS = 1
    ON_HOLD = 2
    WON = 3
    CANCELED = 4
    OUT_SOLD = 5


class OpenReason(StrEnum):
    """Why an opportunity is open: whether it is being worked on."""

    IN_PROGRESS = "IN_PROGRESS"
    ON_HOLD = "ON_HOLD"

    @property
    def code(self) -> SeededReason:
        """Dataverse's code."""
        return SeededReason[self.value]


class ActivityState(StrEnum):
    """Whether a close activity stands, or was canceled when the opportunity was reopened."""

    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class QuoteState(StrEnum):
    """Where a quote stands."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    WON = "WON"
    CLOSED = "CLOSED"


class QuoteStatusReason(StrEnum):
    """Why a quote is in its state. Two reasons share a label in Dataverse, so each has a name of its own."""

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
"""Dataverse's code of each quote status reason, for imports and exports."""


class QuoteCloseReason(StrEnum):
    """Why quotes are closed by hand."""

    LOST = "LOST"
    CANCELED = "CANCELED"


class QuoteLineKind(StrEnum):
    """What a quote line sells."""

    PROJECT = "PROJECT"
    PRODUCT = "PRODUCT"


class BillingMethod(StrEnum):
    """How a project line is billed."""

    TIME_AND_MATERIAL = "TIME_AND_MATERIAL"
    FIXED_PRICE = "FIXED_PRICE"


class ContractState(StrEnum):
    """Where a project contract stands."""

    DRAFT = "DRAFT"
