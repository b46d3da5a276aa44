"""``createCompetitor``: who a lost deal may have gone to."""

from typing import Annotated

import strawberry

from db.master_data import competitors
from schema.mutations.errors import OperationError
from schema.mutations.run import IDEMPOTENCY_KEY, describe_result, run_mutation
from schema.planner.fields.relations import by_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.organization import Competitor


@strawberry.input(description="A new competitor.")
class CreateCompetitorInput:
    """The input of ``createCompetitor``."""

    name: str = strawberry.field(
        description="The competitor's name; 1 to 200 characters, unique in the organization."
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)


@planned_type
class CreateCompetitorSuccess:
    """The competitor was created."""

    competitor: Competitor = by_param("competitor_id", "The competitor.")


CreateCompetitorResult = Annotated[
    CreateCompetitorSuccess | OperationError,
    strawberry.union(
        "CreateCompetitorResult",
        description=describe_result(
            "createCompetitor", "NAME_EMPTY", "NAME_TOO_LONG", "COMPETITOR_NAME_TAKEN"
        ),
    ),
]


async def create_competitor(
    info: Info,
    input: CreateCompetitorInput,  # noqa: A002 - GraphQL's word
) -> CreateCompetitorResult:
    """Create a competitor."""
    draft = competitors.CreateCompetitor(name=input.name, idempotency_key=input.idempotency_key)
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: competitors.create_competitor(transaction, caller, draft),
        CreateCompetitorSuccess,
        lambda created: {"competitor_id": created.competitor_id},
    )
