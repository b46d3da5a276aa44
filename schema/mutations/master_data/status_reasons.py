"""``createStatusReason`` and ``retireStatusReason``."""

from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.master_data import status_reasons
from db.sql.database import Transaction
from schema.leaf_types.enums import OpportunityState
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError, describe_result
from schema.mutations.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, parse_id
from schema.mutations.payload import Payload
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.organization import StatusReason


@strawberry.input(description="A new status reason.")
class CreateStatusReasonInput:
    """The input of ``createStatusReason``."""

    state: OpportunityState = strawberry.field(
        description="WON or LOST; the reasons of open opportunities are fixed."
    )
    label: str = strawberry.field(
        description="The label; 1 to 200 characters, unique within its state, retired reasons included."
    )
    description_required: bool = strawberry.field(
        description="Whether closing with it requires a description.", default=False
    )
    competitor_required: bool = strawberry.field(
        description="Whether closing with it requires a competitor; only for LOST.", default=False
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> status_reasons.CreateStatusReason:
        """Return the command."""
        return status_reasons.CreateStatusReason(
            state=self.state,
            label=self.label,
            description_required=self.description_required,
            competitor_required=self.competitor_required,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Which status reason to retire.")
class RetireStatusReasonInput:
    """The input of ``retireStatusReason``."""

    status_reason_id: strawberry.ID = strawberry.field(
        description="The status reason; it is for won or lost opportunities and not retired."
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> status_reasons.RetireStatusReason:
        """Return the command.

        Raises:
            NotFound: the id can't belong to a status reason.
        """
        path = ("input", "statusReasonId")
        return status_reasons.RetireStatusReason(
            status_reason_id=parse_id("rsn", "status reason", self.status_reason_id, path),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@planned_type
class CreateStatusReasonSuccess:
    """The status reason was created."""

    status_reason: StatusReason = by_param("status_reason_id", "The status reason.")


@planned_type
class RetireStatusReasonSuccess:
    """The status reason was retired."""

    status_reason: StatusReason = by_param(
        "status_reason_id", "The status reason, retired. Opportunities that were closed with it keep it."
    )


CreateStatusReasonResult = Annotated[
    CreateStatusReasonSuccess | OperationError,
    strawberry.union(
        "CreateStatusReasonResult",
        description=describe_result(
            "createStatusReason",
            "LABEL_EMPTY",
            "LABEL_TOO_LONG",
            "LABEL_WITH_FORBIDDEN_CHARACTER",
            "STATUS_REASON_OF_OPEN",
            "STATUS_REASON_LABEL_TAKEN",
            "COMPETITOR_OF_A_WIN",
        ),
    ),
]

RetireStatusReasonResult = Annotated[
    RetireStatusReasonSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "RetireStatusReasonResult",
        description=describe_result("retireStatusReason", "STATUS_REASON_OF_OPEN", "STATUS_REASON_RETIRED"),
    ),
]


async def create_status_reason(
    transaction: Transaction, caller: Caller, input_: CreateStatusReasonInput
) -> Payload:
    """Create a status reason."""
    created = await status_reasons.create_status_reason(transaction, caller, input_.to_command())
    return Payload(CreateStatusReasonSuccess, {"status_reason_id": created.status_reason_id})


async def retire_status_reason(
    transaction: Transaction, caller: Caller, input_: RetireStatusReasonInput
) -> Payload:
    """Retire a status reason."""
    retired = await status_reasons.retire_status_reason(transaction, caller, input_.to_command())
    return Payload(RetireStatusReasonSuccess, {"status_reason_id": retired.status_reason_id})
