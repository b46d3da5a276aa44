"""``createStatusReason`` and ``retireStatusReason``: the organization's own list of reasons."""

from typing import Annotated

import strawberry

from db.master_data import status_reasons
from schema.leaf_types.enums import OpportunityState
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError
from schema.mutations.run import EXPECTED_VERSION, IDEMPOTENCY_KEY, describe_result, parse_id, run_mutation
from schema.planner.fields.relations import by_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.organization import StatusReason


@strawberry.input(description="A new status reason.")
class CreateStatusReasonInput:
    """The input of ``createStatusReason``."""

    state: OpportunityState = strawberry.field(
        description="WON or LOST; the reasons of open opportunities are fixed."
    )
    label: str = strawberry.field(
        description="What people read; 1 to 200 characters, unique within its state, retired ones included."
    )
    description_required: bool = strawberry.field(
        description="Whether closing with it needs a description.", default=False
    )
    competitor_required: bool = strawberry.field(
        description="Whether closing with it needs a competitor; only for LOST.", default=False
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> status_reasons.CreateStatusReason:
        """Return what the rule is asked."""
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
        """Return what the rule is asked.

        Raises:
            NotFound: the id can't be that of a status reason.
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
        "status_reason_id", "The status reason, retired. Closings that have it keep it."
    )


CreateStatusReasonResult = Annotated[
    CreateStatusReasonSuccess | OperationError,
    strawberry.union(
        "CreateStatusReasonResult",
        description=describe_result(
            "createStatusReason",
            "LABEL_EMPTY",
            "LABEL_TOO_LONG",
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
    info: Info,
    input: CreateStatusReasonInput,  # noqa: A002 - GraphQL's word
) -> CreateStatusReasonResult:
    """Create a status reason."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: status_reasons.create_status_reason(
            transaction, caller, input.to_command()
        ),
        CreateStatusReasonSuccess,
        lambda created: {"status_reason_id": created.status_reason_id},
    )


async def retire_status_reason(
    info: Info,
    input: RetireStatusReasonInput,  # noqa: A002 - GraphQL's word
) -> RetireStatusReasonResult:
    """Retire a status reason."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: status_reasons.retire_status_reason(
            transaction, caller, input.to_command()
        ),
        RetireStatusReasonSuccess,
        lambda retired: {"status_reason_id": retired.status_reason_id},
    )
