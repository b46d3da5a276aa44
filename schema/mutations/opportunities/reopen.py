"""``reopenOpportunity``: open a won or lost opportunity again."""

from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.opportunities import reopen
from db.sql.database import Transaction
from schema.leaf_types.enums import OpenReason
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError, describe_result
from schema.mutations.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, parse_id
from schema.mutations.payload import Payload
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity, OpportunityClose


@strawberry.input(description="Which opportunity to reopen.")
class ReopenOpportunityInput:
    """The input of ``reopenOpportunity``."""

    opportunity_id: strawberry.ID = strawberry.field(description="The opportunity; it is won or lost.")
    status_reason: OpenReason = strawberry.field(
        description="The status reason of the open opportunity.", default=OpenReason.IN_PROGRESS
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> reopen.ReopenOpportunity:
        """Return the command.

        Raises:
            NotFound: the id can't belong to an opportunity.
        """
        return reopen.ReopenOpportunity(
            opportunity_id=parse_id("opp", "opportunity", self.opportunity_id, ("input", "opportunityId")),
            status_reason=self.status_reason,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@planned_type
class ReopenOpportunitySuccess:
    """The opportunity was reopened."""

    opportunity: Opportunity = by_param("opportunity_id", "The opportunity, open and without an outcome.")
    canceled_close: OpportunityClose = by_param(
        "opportunity_close_id", "The activity that had closed it, canceled and kept as history."
    )


ReopenOpportunityResult = Annotated[
    ReopenOpportunitySuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "ReopenOpportunityResult",
        description=describe_result("reopenOpportunity", "OPPORTUNITY_OPEN"),
    ),
]


async def reopen_opportunity(
    transaction: Transaction, caller: Caller, input_: ReopenOpportunityInput
) -> Payload:
    """Reopen a won or lost opportunity."""
    reopened = await reopen.reopen_opportunity(transaction, caller, input_.to_command())
    return Payload(
        ReopenOpportunitySuccess,
        {
            "opportunity_id": reopened.opportunity_id,
            "opportunity_close_id": reopened.opportunity_close_id,
        },
    )
