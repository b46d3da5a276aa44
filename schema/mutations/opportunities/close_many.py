"""``closeOpportunities``: up to a hundred opportunities are won or lost alike."""

from datetime import date
from typing import Annotated, Any

import strawberry

from db.domain.enums import OpportunityState
from db.opportunities import close_many
from db.sql.array_param import InArray
from schema.filters.list_specs import OPPORTUNITIES, QUOTES
from schema.mutations.errors import (
    CloseOpportunitiesRejectedError,
    InvalidStatusReasonError,
    NotFoundError,
    OperationError,
    OpportunityCloseFailure,
    encode_failures,
)
from schema.mutations.opportunities.close import CloseRemainingQuotesInput
from schema.mutations.quotes.close import BulkFailurePolicy
from schema.mutations.run import IDEMPOTENCY_KEY, describe_result, parse_ids, parse_optional_id, run_mutation
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.json_items import items_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity
from schema.types.quote import Quote

_REASON = "One of the outcome's status reasons, not retired."


@strawberry.input(description="Closing as won, each at the revenue that closing it alone falls back to.")
class BulkWonInput:
    """The deals were won."""

    status_reason_id: strawberry.ID | None = strawberry.field(
        description=f"{_REASON} The seeded reason Won unless sent.", default=None
    )


@strawberry.input(description="Closing as lost.")
class BulkLostInput:
    """The deals were lost."""

    status_reason_id: strawberry.ID | None = strawberry.field(
        description=f"{_REASON} Unless sent, Out-Sold if a competitor is named, else Canceled.", default=None
    )
    competitor_id: strawberry.ID | None = strawberry.field(description="Who the deals went to.", default=None)


@strawberry.input(one_of=True, description="How the deals ended: exactly one of these.")
class BulkOutcomeInput:
    """Won or lost."""

    won: BulkWonInput | None = strawberry.field(description="They were won.", default=strawberry.UNSET)
    lost: BulkLostInput | None = strawberry.field(description="They were lost.", default=strawberry.UNSET)

    def to_command(self) -> dict[str, Any]:
        """Return what the rule is asked.

        Raises:
            NotFound: an id can't be that of a status reason or competitor.
        """
        if self.won:
            return {"outcome": OpportunityState.WON, "status_reason_id": _reason_id(self.won, "won")}
        lost = self.lost or BulkLostInput()
        path = ("input", "outcome", "lost", "competitorId")
        return {
            "outcome": OpportunityState.LOST,
            "status_reason_id": _reason_id(lost, "lost"),
            "competitor_id": parse_optional_id("cmp", "competitor", lost.competitor_id, path),
        }


def _reason_id(details: BulkWonInput | BulkLostInput, outcome: str) -> Any:
    path = ("input", "outcome", outcome, "statusReasonId")
    return parse_optional_id("rsn", "status reason", details.status_reason_id, path)


@strawberry.input(description="How to close which opportunities.")
class CloseOpportunitiesInput:
    """The input of ``closeOpportunities``."""

    opportunity_ids: list[strawberry.ID] = strawberry.field(
        description="The opportunities, 1 to 100; each is open and has no active quote."
    )
    outcome: BulkOutcomeInput = strawberry.field(description="Won or lost, with what goes for all of them.")
    closed_on: date | None = strawberry.field(
        description="The day of closing, from an opportunity's creation to today; today (UTC) unless sent.",
        default=None,
    )
    description: str | None = strawberry.field(
        description="What is to be said about it; up to 2,000 characters.", default=None
    )
    close_quotes: CloseRemainingQuotesInput | None = strawberry.field(
        description="Close their active and draft quotes first, in the same transaction.", default=None
    )
    on_failure: BulkFailurePolicy = strawberry.field(
        description="What becomes of the others when one can't be closed.",
        default=BulkFailurePolicy.REJECT_ALL,
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> close_many.CloseOpportunities:
        """Return what the rule is asked.

        Raises:
            NotFound: an id can't be that of a status reason or competitor.
        """
        return close_many.CloseOpportunities(
            opportunity_ids=parse_ids("opp", self.opportunity_ids),
            **self.outcome.to_command(),
            closed_on=self.closed_on,
            description=self.description,
            close_quotes=self.close_quotes.to_command() if self.close_quotes else None,
            close_others=self.on_failure is BulkFailurePolicy.CLOSE_OTHERS,
            idempotency_key=self.idempotency_key,
        )


@planned_type
class CloseOpportunitiesSuccess:
    """The opportunities were closed."""

    closed_opportunities: Connection[Opportunity] = connection(
        OPPORTUNITIES,
        "The opportunities that were closed.",
        lambda _, row: InArray(row.id, "opportunity_ids"),
    )
    closed_quotes: Connection[Quote] = connection(
        QUOTES, "The quotes that were closed along with them.", lambda _, row: InArray(row.id, "quote_ids")
    )
    failures: list[OpportunityCloseFailure] = items_param(
        "failures", "One for each opportunity that was not closed; only with CLOSE_OTHERS."
    )


CloseOpportunitiesResult = Annotated[
    CloseOpportunitiesSuccess
    | CloseOpportunitiesRejectedError
    | InvalidStatusReasonError
    | NotFoundError
    | OperationError,
    strawberry.union(
        "CloseOpportunitiesResult",
        description=describe_result(
            "closeOpportunities",
            "NO_OPPORTUNITIES",
            "TOO_MANY_OPPORTUNITIES",
            "CLOSED_ON_IN_FUTURE",
            "DESCRIPTION_TOO_LONG",
            "DESCRIPTION_REQUIRED",
            "COMPETITOR_REQUIRED",
        ),
    ),
]


async def close_opportunities(
    info: Info,
    input: CloseOpportunitiesInput,  # noqa: A002 - GraphQL's word
) -> CloseOpportunitiesResult:
    """Close many opportunities alike."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: close_many.close_opportunities(transaction, caller, input.to_command()),
        CloseOpportunitiesSuccess,
        lambda outcome: {
            "opportunity_ids": [each.opportunity_id for each in outcome.closed],
            "quote_ids": [quote_id for each in outcome.closed for quote_id in each.closed_quote_ids],
            "failures": encode_failures(outcome.failures),
        },
    )
