"""``closeOpportunities``: close up to 100 opportunities with the same outcome."""

from datetime import date
from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.domain.enums import OpportunityState
from db.opportunities import close_many
from db.sql.array_param import InArray
from db.sql.database import Transaction
from schema.filters.list_specs import OPPORTUNITIES, QUOTES
from schema.mutations.errors import (
    CloseOpportunitiesRejectedError,
    InvalidStatusReasonError,
    NotFoundError,
    OperationError,
    OpportunityCloseFailure,
    describe_result,
)
from schema.mutations.inputs import CLOSE_DESCRIPTION, IDEMPOTENCY_KEY, parse_ids, parse_optional_id
from schema.mutations.opportunities.close import STATUS_REASON, CloseRemainingQuotesInput
from schema.mutations.payload import Payload, encode_failures
from schema.mutations.quotes.close import BulkFailurePolicy
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.json_items import items_param
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity
from schema.types.quote import Quote


@strawberry.input(description="Closing as won, each at the revenue that `closeOpportunity` falls back to.")
class BulkWonInput:
    """The details of the wins."""

    status_reason_id: strawberry.ID | None = strawberry.field(
        description=f"{STATUS_REASON} The seeded reason Won if left out.", default=None
    )


@strawberry.input(description="Closing as lost.")
class BulkLostInput:
    """The details of the losses."""

    status_reason_id: strawberry.ID | None = strawberry.field(
        description=f"{STATUS_REASON} If left out, Out-Sold with a competitor, Canceled without.",
        default=None,
    )
    competitor_id: strawberry.ID | None = strawberry.field(
        description="The competitor that the opportunities were lost to.", default=None
    )


@strawberry.input(one_of=True, description="The outcome of the opportunities: exactly one of these.")
class BulkOutcomeInput:
    """Won or lost."""

    won: BulkWonInput | None = strawberry.field(description="Close them as won.", default=strawberry.UNSET)
    lost: BulkLostInput | None = strawberry.field(description="Close them as lost.", default=strawberry.UNSET)


@strawberry.input(description="Which opportunities to close, and how.")
class CloseOpportunitiesInput:
    """The input of ``closeOpportunities``."""

    opportunity_ids: list[strawberry.ID] = strawberry.field(
        description="The opportunities, 1 to 100; each is open and has no active quote."
    )
    outcome: BulkOutcomeInput = strawberry.field(
        description="Won or lost, with the details that all of them share."
    )
    closed_on: date | None = strawberry.field(
        description="The closing date, from each opportunity's creation to today; today (UTC) if left out.",
        default=None,
    )
    description: str | None = strawberry.field(description=CLOSE_DESCRIPTION, default=None)
    close_quotes: CloseRemainingQuotesInput | None = strawberry.field(
        description="Close their active and draft quotes first, in the same transaction.", default=None
    )
    on_failure: BulkFailurePolicy = strawberry.field(
        description="What happens to the others if one can't be closed.",
        default=BulkFailurePolicy.REJECT_ALL,
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> close_many.CloseOpportunities:
        """Return the command.

        Raises:
            NotFound: an id can't belong to a status reason or competitor.
        """
        won, lost = self.outcome.won, self.outcome.lost or BulkLostInput()
        details = won or lost
        path = ("input", "outcome", "won" if won else "lost")
        return close_many.CloseOpportunities(
            opportunity_ids=parse_ids("opp", self.opportunity_ids),
            outcome=OpportunityState.WON if won else OpportunityState.LOST,
            status_reason_id=parse_optional_id(
                "rsn", "status reason", details.status_reason_id, (*path, "statusReasonId")
            ),
            competitor_id=parse_optional_id("cmp", "competitor", lost.competitor_id, (*path, "competitorId")),
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
            "CLOSED_ON_OUT_OF_RANGE",
            "DESCRIPTION_TOO_LONG",
            "DESCRIPTION_REQUIRED",
            "COMPETITOR_REQUIRED",
        ),
    ),
]


async def close_opportunities(
    transaction: Transaction, caller: Caller, input_: CloseOpportunitiesInput
) -> Payload:
    """Close many opportunities with the same outcome."""
    closed = await close_many.close_opportunities(transaction, caller, input_.to_command())
    return Payload(
        CloseOpportunitiesSuccess,
        {
            "opportunity_ids": [each.opportunity_id for each in closed.closed],
            "quote_ids": [quote_id for each in closed.closed for quote_id in each.closed_quote_ids],
            "failures": encode_failures(closed.failures),
        },
    )
