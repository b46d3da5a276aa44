"""``closeOpportunity``: close an opportunity as won or lost, with status reason, date and details."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.domain.enums import OpportunityState, QuoteCloseReason
from db.opportunities import close
from db.sql.array_param import InArray
from db.sql.database import Transaction
from schema.filters.list_specs import QUOTES
from schema.mutations.errors import (
    ActiveQuotesError,
    InvalidStatusReasonError,
    NotFoundError,
    OperationError,
    OpportunityAlreadyClosedError,
    StaleVersionError,
    describe_result,
)
from schema.mutations.inputs import (
    CLOSE_DESCRIPTION,
    EXPECTED_VERSION,
    IDEMPOTENCY_KEY,
    parse_id,
    parse_optional_id,
)
from schema.mutations.payload import Payload
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity, OpportunityClose
from schema.types.quote import Quote

STATUS_REASON = "One of the outcome's status reasons, not retired."
"""The description of a closing's status reason."""

_REVENUE = "0 to 1,000,000,000,000.00 in the opportunity's currency, at most two decimal places."


@strawberry.input(description="Closing as won.")
class WonInput:
    """The details of a win."""

    status_reason_id: strawberry.ID | None = strawberry.field(
        description=f"{STATUS_REASON} The seeded reason Won if left out.", default=None
    )
    actual_revenue: Decimal | None = strawberry.field(
        description=f"{_REVENUE} If left out, the won quote's total, or the estimated revenue without one.",
        default=None,
    )


@strawberry.input(description="Closing as lost.")
class LostInput:
    """The details of a loss."""

    status_reason_id: strawberry.ID | None = strawberry.field(
        description=f"{STATUS_REASON} If left out, Out-Sold with a competitor, Canceled without.",
        default=None,
    )
    actual_revenue: Decimal | None = strawberry.field(
        description=f"{_REVENUE} Empty if left out.", default=None
    )
    competitor_id: strawberry.ID | None = strawberry.field(
        description="The competitor that the opportunity was lost to.", default=None
    )


@strawberry.input(one_of=True, description="The outcome of the opportunity: exactly one of these.")
class OpportunityOutcomeInput:
    """Won or lost."""

    won: WonInput | None = strawberry.field(description="Close it as won.", default=strawberry.UNSET)
    lost: LostInput | None = strawberry.field(description="Close it as lost.", default=strawberry.UNSET)


@strawberry.input(description="How to close the quotes that are closed along with the opportunity.")
class CloseRemainingQuotesInput:
    """Close the active and draft quotes in the same transaction."""

    reason: QuoteCloseReason = strawberry.field(
        description="Why they are closed.", default=QuoteCloseReason.LOST
    )
    description: str | None = strawberry.field(description=CLOSE_DESCRIPTION, default=None)

    def to_command(self) -> close.CloseRemainingQuotes:
        """Return the part of the command."""
        return close.CloseRemainingQuotes(reason=self.reason, description=self.description)


@strawberry.input(description="Which opportunity to close, and how.")
class CloseOpportunityInput:
    """The input of ``closeOpportunity``."""

    opportunity_id: strawberry.ID = strawberry.field(description="The opportunity to close.")
    outcome: OpportunityOutcomeInput = strawberry.field(description="Won or lost, with its details.")
    closed_on: date | None = strawberry.field(
        description="The closing date, from the opportunity's creation to today; today (UTC) if left out.",
        default=None,
    )
    description: str | None = strawberry.field(description=CLOSE_DESCRIPTION, default=None)
    close_quotes: CloseRemainingQuotesInput | None = strawberry.field(
        description="Close its active and draft quotes first, in the same transaction: all of it or nothing.",
        default=None,
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> close.CloseOpportunity:
        """Return the command.

        Raises:
            NotFound: an id can't belong to an opportunity, status reason or competitor.
        """
        won, lost = self.outcome.won, self.outcome.lost or LostInput()
        details = won or lost
        path = ("input", "outcome", "won" if won else "lost")
        return close.CloseOpportunity(
            opportunity_id=parse_id("opp", "opportunity", self.opportunity_id, ("input", "opportunityId")),
            outcome=OpportunityState.WON if won else OpportunityState.LOST,
            status_reason_id=parse_optional_id(
                "rsn", "status reason", details.status_reason_id, (*path, "statusReasonId")
            ),
            actual_revenue=details.actual_revenue,
            competitor_id=parse_optional_id("cmp", "competitor", lost.competitor_id, (*path, "competitorId")),
            closed_on=self.closed_on,
            description=self.description,
            close_quotes=self.close_quotes.to_command() if self.close_quotes else None,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@planned_type
class CloseOpportunitySuccess:
    """The opportunity was closed."""

    opportunity: Opportunity = by_param("opportunity_id", "The opportunity, closed.")
    opportunity_close: OpportunityClose = by_param(
        "opportunity_close_id", "The activity that records the closing."
    )
    closed_quotes: Connection[Quote] = connection(
        QUOTES, "The quotes that were closed along with it.", lambda _, row: InArray(row.id, "quote_ids")
    )


CloseOpportunityResult = Annotated[
    CloseOpportunitySuccess
    | ActiveQuotesError
    | OpportunityAlreadyClosedError
    | InvalidStatusReasonError
    | StaleVersionError
    | NotFoundError
    | OperationError,
    strawberry.union(
        "CloseOpportunityResult",
        description=describe_result(
            "closeOpportunity",
            "CLOSED_ON_IN_FUTURE",
            "CLOSED_ON_OUT_OF_RANGE",
            "CLOSED_ON_BEFORE_CREATION",
            "DESCRIPTION_TOO_LONG",
            "DESCRIPTION_REQUIRED",
            "COMPETITOR_REQUIRED",
            "COMPETITOR_OF_A_WIN",
            "ACTUAL_REVENUE_OUT_OF_RANGE",
            "ACTUAL_REVENUE_TOO_PRECISE",
        ),
    ),
]


async def close_opportunity(
    transaction: Transaction, caller: Caller, input_: CloseOpportunityInput
) -> Payload:
    """Close an opportunity as won or lost."""
    closed = await close.close_opportunity(transaction, caller, input_.to_command())
    return Payload(
        CloseOpportunitySuccess,
        {
            "opportunity_id": closed.opportunity_id,
            "opportunity_close_id": closed.opportunity_close_id,
            "quote_ids": closed.closed_quote_ids,
        },
    )
