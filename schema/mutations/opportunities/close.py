"""``closeOpportunity``: an opportunity is won or lost, with status reason, date and details."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from db.domain.enums import OpportunityState, QuoteCloseReason
from db.opportunities import close
from db.sql.array_param import InArray
from schema.filters.list_specs import QUOTES
from schema.mutations.errors import (
    ActiveQuotesError,
    InvalidStatusReasonError,
    NotFoundError,
    OperationError,
    OpportunityAlreadyClosedError,
    StaleVersionError,
)
from schema.mutations.run import IDEMPOTENCY_KEY, parse_id, parse_optional_id, run_mutation
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.relations import by_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity, OpportunityClose
from schema.types.quote import Quote

_REASON = "One of the outcome's status reasons, not retired."
_REVENUE = "0 to 1,000,000,000,000.00 in the opportunity's currency, at most two decimal places."


@strawberry.input(description="Closing as won.")
class WonInput:
    """The deal was won."""

    status_reason_id: strawberry.ID | None = strawberry.field(
        description=f"{_REASON} The seeded reason Won unless sent.", default=None
    )
    actual_revenue: Decimal | None = strawberry.field(
        description=f"{_REVENUE} The won quote's total unless sent, without one the estimated revenue.",
        default=None,
    )


@strawberry.input(description="Closing as lost.")
class LostInput:
    """The deal was lost."""

    status_reason_id: strawberry.ID | None = strawberry.field(
        description=f"{_REASON} Unless sent, Out-Sold if a competitor is named, else Canceled.", default=None
    )
    actual_revenue: Decimal | None = strawberry.field(
        description=f"{_REVENUE} Empty unless sent.", default=None
    )
    competitor_id: strawberry.ID | None = strawberry.field(description="Who the deal went to.", default=None)


@strawberry.input(one_of=True, description="How the deal ended: exactly one of these.")
class OpportunityOutcomeInput:
    """Won or lost."""

    won: WonInput | None = strawberry.field(description="It was won.", default=strawberry.UNSET)
    lost: LostInput | None = strawberry.field(description="It was lost.", default=strawberry.UNSET)


@strawberry.input(description="What is recorded with the quotes that are closed along.")
class CloseRemainingQuotesInput:
    """Close the active and draft quotes in the same transaction."""

    reason: QuoteCloseReason = strawberry.field(
        description="Why they are closed.", default=QuoteCloseReason.LOST
    )
    description: str | None = strawberry.field(
        description="What is to be said about it; up to 2,000 characters.", default=None
    )

    def to_command(self) -> close.CloseRemainingQuotes:
        """Return what the rule is asked."""
        return close.CloseRemainingQuotes(reason=self.reason, description=self.description)


@strawberry.input(description="How to close which opportunity.")
class CloseOpportunityInput:
    """The input of ``closeOpportunity``."""

    opportunity_id: strawberry.ID = strawberry.field(description="The opportunity to close.")
    outcome: OpportunityOutcomeInput = strawberry.field(description="Won or lost, with its details.")
    closed_on: date | None = strawberry.field(
        description="The day of closing, from the opportunity's creation to today; today (UTC) unless sent.",
        default=None,
    )
    description: str | None = strawberry.field(
        description="What is to be said about it; up to 2,000 characters.", default=None
    )
    close_quotes: CloseRemainingQuotesInput | None = strawberry.field(
        description="Close its active and draft quotes first, in the same transaction: all of it or nothing.",
        default=None,
    )
    expected_version: int | None = strawberry.field(
        description="The version that was read; at any other the opportunity is not closed.", default=None
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> close.CloseOpportunity:
        """Return what the rule is asked.

        Raises:
            NotFound: an id can't be that of an opportunity, status reason or competitor.
        """
        return close.CloseOpportunity(
            opportunity_id=parse_id("opp", "opportunity", self.opportunity_id, ("input", "opportunityId")),
            **_outcome(self.outcome),
            closed_on=self.closed_on,
            description=self.description,
            close_quotes=self.close_quotes.to_command() if self.close_quotes else None,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


def _outcome(outcome: OpportunityOutcomeInput) -> dict[str, Any]:
    if outcome.won:
        return {"outcome": OpportunityState.WON, **_details(outcome.won, "won")}
    lost = outcome.lost or LostInput()
    path = ("input", "outcome", "lost", "competitorId")
    return {
        "outcome": OpportunityState.LOST,
        **_details(lost, "lost"),
        "competitor_id": parse_optional_id("cmp", "competitor", lost.competitor_id, path),
    }


def _details(details: WonInput | LostInput, outcome: str) -> dict[str, Any]:
    path = ("input", "outcome", outcome, "statusReasonId")
    return {
        "status_reason_id": parse_optional_id("rsn", "status reason", details.status_reason_id, path),
        "actual_revenue": details.actual_revenue,
    }


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
    strawberry.union("CloseOpportunityResult", description="What `closeOpportunity` came to."),
]


async def close_opportunity(
    info: Info,
    input: CloseOpportunityInput,  # noqa: A002 - GraphQL's word
) -> CloseOpportunityResult:
    """Close an opportunity as won or lost."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: close.close_opportunity(transaction, caller, input.to_command()),
        CloseOpportunitySuccess,
        lambda closed: {
            "opportunity_id": closed.opportunity_id,
            "opportunity_close_id": closed.opportunity_close_id,
            "quote_ids": closed.closed_quote_ids,
        },
    )
