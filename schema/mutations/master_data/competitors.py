"""``createCompetitor``."""

from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.master_data import competitors
from db.sql.database import Transaction
from schema.mutations.errors import OperationError, describe_result
from schema.mutations.inputs import IDEMPOTENCY_KEY
from schema.mutations.payload import Payload
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.organization import Competitor


@strawberry.input(description="A new competitor.")
class CreateCompetitorInput:
    """The input of ``createCompetitor``."""

    name: str = strawberry.field(
        description="The competitor's name; 1 to 200 characters, unique in the organization."
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> competitors.CreateCompetitor:
        """Return the command."""
        return competitors.CreateCompetitor(name=self.name, idempotency_key=self.idempotency_key)


@planned_type
class CreateCompetitorSuccess:
    """The competitor was created."""

    competitor: Competitor = by_param("competitor_id", "The competitor.")


CreateCompetitorResult = Annotated[
    CreateCompetitorSuccess | OperationError,
    strawberry.union(
        "CreateCompetitorResult",
        description=describe_result(
            "createCompetitor",
            "NAME_EMPTY",
            "NAME_TOO_LONG",
            "NAME_WITH_FORBIDDEN_CHARACTER",
            "COMPETITOR_NAME_TAKEN",
        ),
    ),
]


async def create_competitor(
    transaction: Transaction, caller: Caller, input_: CreateCompetitorInput
) -> Payload:
    """Create a competitor."""
    created = await competitors.create_competitor(transaction, caller, input_.to_command())
    return Payload(CreateCompetitorSuccess, {"competitor_id": created.competitor_id})
