"""``createOpportunity`` and ``updateOpportunity``."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from db.domain.caller import Caller
from db.opportunities import create, update
from db.sql.database import Transaction
from schema.leaf_types.enums import OpenReason
from schema.mutations.errors import (
    NotFoundError,
    OperationError,
    OpportunityAlreadyClosedError,
    StaleVersionError,
    describe_result,
)
from schema.mutations.inputs import (
    CLEARED,
    EXPECTED_VERSION,
    IDEMPOTENCY_KEY,
    UNCHANGED,
    changed_fields,
    parse_id,
)
from schema.mutations.payload import Payload
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity

_NAME = "The opportunity's name; 1 to 200 characters."
_DESCRIPTION = "A description; up to 2,000 characters."
_ESTIMATE = (
    "The expected revenue; 0 to 1,000,000,000,000.00 in the opportunity's currency, at most two decimal"
    " places."
)
_CLOSE_DATE = "When the customer is expected to decide; 1900-01-01 to 2200-12-31."
_CODES = (
    "NAME_EMPTY",
    "NAME_TOO_LONG",
    "NAME_WITH_FORBIDDEN_CHARACTER",
    "DESCRIPTION_TOO_LONG",
    "ESTIMATED_REVENUE_OUT_OF_RANGE",
    "ESTIMATED_REVENUE_TOO_PRECISE",
    "ESTIMATED_CLOSE_DATE_OUT_OF_RANGE",
)


@strawberry.input(description="A new opportunity.")
class CreateOpportunityInput:
    """The input of ``createOpportunity``."""

    name: str = strawberry.field(description=_NAME)
    description: str | None = strawberry.field(description=_DESCRIPTION, default=None)
    account_id: strawberry.ID = strawberry.field(description="The customer.")
    owner_id: strawberry.ID | None = strawberry.field(
        description="The account manager; the caller if left out.", default=None
    )
    contracting_unit_id: strawberry.ID = strawberry.field(
        description="The division that delivers the project."
    )
    currency_code: str | None = strawberry.field(
        description="ISO 4217, three capital letters; the contracting unit's if left out. Never changes.",
        default=None,
    )
    estimated_revenue: Decimal = strawberry.field(description=_ESTIMATE)
    estimated_close_date: date | None = strawberry.field(description=_CLOSE_DATE, default=None)
    status_reason: OpenReason = strawberry.field(
        description="In progress or on hold.", default=OpenReason.IN_PROGRESS
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> create.CreateOpportunity:
        """Return the command.

        Raises:
            NotFound: an id can't belong to an account, user or contracting unit.
        """
        unit_path = ("input", "contractingUnitId")
        return create.CreateOpportunity(
            name=self.name,
            description=self.description,
            account_id=_parse_account_id(self.account_id),
            owner_id=None if self.owner_id is None else _parse_owner_id(self.owner_id),
            contracting_unit_id=parse_id("unit", "contracting unit", self.contracting_unit_id, unit_path),
            currency_code=self.currency_code,
            estimated_revenue=self.estimated_revenue,
            estimated_close_date=self.estimated_close_date,
            status_reason=self.status_reason,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Which opportunity to change, and how.")
class UpdateOpportunityInput:
    """The input of ``updateOpportunity``."""

    opportunity_id: strawberry.ID = strawberry.field(description="The opportunity; it is open.")
    name: str | None = strawberry.field(description=f"{_NAME} {UNCHANGED}", default=strawberry.UNSET)
    description: str | None = strawberry.field(
        description=f"{_DESCRIPTION} {CLEARED}", default=strawberry.UNSET
    )
    account_id: strawberry.ID | None = strawberry.field(
        description=f"The customer. {UNCHANGED}", default=strawberry.UNSET
    )
    owner_id: strawberry.ID | None = strawberry.field(
        description=f"The account manager. {UNCHANGED}", default=strawberry.UNSET
    )
    estimated_revenue: Decimal | None = strawberry.field(
        description=f"{_ESTIMATE} {UNCHANGED}", default=strawberry.UNSET
    )
    estimated_close_date: date | None = strawberry.field(
        description=f"{_CLOSE_DATE} {CLEARED}", default=strawberry.UNSET
    )
    status_reason: OpenReason | None = strawberry.field(
        description=f"In progress or on hold. {UNCHANGED}", default=strawberry.UNSET
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> update.UpdateOpportunity:
        """Return the command.

        Raises:
            NotFound: an id can't belong to an opportunity, account or user.
        """
        return update.UpdateOpportunity(
            opportunity_id=parse_id("opp", "opportunity", self.opportunity_id, ("input", "opportunityId")),
            changes=changed_fields(
                update.OpportunityChanges,
                self,
                *("name", "account_id", "owner_id", "estimated_revenue", "status_reason"),
                clearable=("description", "estimated_close_date"),
                parsers={"account_id": _parse_account_id, "owner_id": _parse_owner_id},
            ),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


def _parse_account_id(text: str) -> UUID:
    return parse_id("acc", "account", text, ("input", "accountId"))


def _parse_owner_id(text: str) -> UUID:
    return parse_id("usr", "user", text, ("input", "ownerId"))


@planned_type
class CreateOpportunitySuccess:
    """The opportunity was created."""

    opportunity: Opportunity = by_param("opportunity_id", "The opportunity, open.")


@planned_type
class UpdateOpportunitySuccess:
    """The opportunity has the values of the input."""

    opportunity: Opportunity = by_param(
        "opportunity_id", "The opportunity, changed; at its old version if nothing differed."
    )


CreateOpportunityResult = Annotated[
    CreateOpportunitySuccess | NotFoundError | OperationError,
    strawberry.union(
        "CreateOpportunityResult",
        description=describe_result("createOpportunity", *_CODES, "CURRENCY_CODE_INVALID"),
    ),
]

UpdateOpportunityResult = Annotated[
    UpdateOpportunitySuccess
    | OpportunityAlreadyClosedError
    | StaleVersionError
    | NotFoundError
    | OperationError,
    strawberry.union(
        "UpdateOpportunityResult",
        description=describe_result("updateOpportunity", *_CODES),
    ),
]


async def create_opportunity(
    transaction: Transaction, caller: Caller, input_: CreateOpportunityInput
) -> Payload:
    """Create an open opportunity."""
    created = await create.create_opportunity(transaction, caller, input_.to_command())
    return Payload(CreateOpportunitySuccess, {"opportunity_id": created.opportunity_id})


async def update_opportunity(
    transaction: Transaction, caller: Caller, input_: UpdateOpportunityInput
) -> Payload:
    """Change an open opportunity."""
    updated = await update.update_opportunity(transaction, caller, input_.to_command())
    return Payload(UpdateOpportunitySuccess, {"opportunity_id": updated.opportunity_id})
