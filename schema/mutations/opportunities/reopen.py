"""``reopenOpportunity``: a won or lost opportunity is open again."""

from typing import Annotated

import strawberry

from db.opportunities import reopen
from schema.leaf_types.enums import OpenReason
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError
from schema.mutations.run import EXPECTED_VERSION, IDEMPOTENCY_KEY, describe_result, parse_id, run_mutation
from schema.planner.fields.relations import by_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity, OpportunityClose


@strawberry.input(description="Which opportunity to reopen.")
class ReopenOpportunityInput:
    """The input of ``reopenOpportunity``."""

    opportunity_id: strawberry.ID = strawberry.field(description="The opportunity; it is won or lost.")
    status_reason: OpenReason = strawberry.field(
        description="Whether it is worked on from now on.", default=OpenReason.IN_PROGRESS
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> reopen.ReopenOpportunity:
        """Return what the rule is asked.

        Raises:
            NotFound: the id can't be that of an opportunity.
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
    info: Info,
    input: ReopenOpportunityInput,  # noqa: A002 - GraphQL's word
) -> ReopenOpportunityResult:
    """Reopen a won or lost opportunity."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: reopen.reopen_opportunity(transaction, caller, input.to_command()),
        ReopenOpportunitySuccess,
        lambda reopened: {
            "opportunity_id": reopened.opportunity_id,
            "opportunity_close_id": reopened.opportunity_close_id,
        },
    )
