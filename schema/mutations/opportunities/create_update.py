"""``createOpportunity`` and ``updateOpportunity``: a deal is pursued, put on hold, handed over."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from db.opportunities import create_update
from schema.leaf_types.enums import OpenReason
from schema.mutations.errors import (
    NotFoundError,
    OperationError,
    OpportunityAlreadyClosedError,
    StaleVersionError,
)
from schema.mutations.run import (
    EXPECTED_VERSION,
    IDEMPOTENCY_KEY,
    changed_fields,
    describe_result,
    parse_id,
    parse_optional_id,
    run_mutation,
)
from schema.planner.fields.relations import by_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity

_NAME = "What the deal is about; 1 to 200 characters."
_DESCRIPTION = "More about the deal; up to 2,000 characters."
_ESTIMATE = "0 to 1,000,000,000,000.00 in the opportunity's currency, at most two decimal places."
_CLOSE_DATE = "When the customer is expected to decide."
_OWNER_ID = ("input", "ownerId")
_UNCHANGED = "Unchanged unless sent."
_CLEARED = "Unchanged unless sent; null clears it."
_CODES = (
    "NAME_EMPTY",
    "NAME_TOO_LONG",
    "DESCRIPTION_TOO_LONG",
    "ESTIMATED_REVENUE_OUT_OF_RANGE",
    "ESTIMATED_REVENUE_TOO_PRECISE",
)


@strawberry.input(description="A new opportunity.")
class CreateOpportunityInput:
    """The input of ``createOpportunity``."""

    name: str = strawberry.field(description=_NAME)
    description: str | None = strawberry.field(description=_DESCRIPTION, default=None)
    account_id: strawberry.ID = strawberry.field(description="The customer.")
    owner_id: strawberry.ID | None = strawberry.field(
        description="The account manager; the caller unless sent.", default=None
    )
    contracting_unit_id: strawberry.ID = strawberry.field(
        description="The division that delivers the project."
    )
    currency_code: str | None = strawberry.field(
        description="ISO 4217, three capital letters; the contracting unit's unless sent. Never changes.",
        default=None,
    )
    estimated_revenue: Decimal = strawberry.field(
        description=f"What the deal is expected to bring. {_ESTIMATE}"
    )
    estimated_close_date: date | None = strawberry.field(description=_CLOSE_DATE, default=None)
    status_reason: OpenReason = strawberry.field(
        description="Whether it is worked on.", default=OpenReason.IN_PROGRESS
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> create_update.CreateOpportunity:
        """Return what the rule is asked.

        Raises:
            NotFound: an id can't be that of an account, user or contracting unit.
        """
        unit_path = ("input", "contractingUnitId")
        return create_update.CreateOpportunity(
            name=self.name,
            description=self.description,
            account_id=_account_id(self.account_id),
            owner_id=parse_optional_id("usr", "user", self.owner_id, _OWNER_ID),
            contracting_unit_id=parse_id("unit", "contracting unit", self.contracting_unit_id, unit_path),
            currency_code=self.currency_code,
            estimated_revenue=self.estimated_revenue,
            estimated_close_date=self.estimated_close_date,
            status_reason=self.status_reason,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="What to change of which opportunity.")
class UpdateOpportunityInput:
    """The input of ``updateOpportunity``."""

    opportunity_id: strawberry.ID = strawberry.field(description="The opportunity; it is open.")
    name: str | None = strawberry.field(description=f"{_NAME} {_UNCHANGED}", default=strawberry.UNSET)
    description: str | None = strawberry.field(
        description=f"{_DESCRIPTION} {_CLEARED}", default=strawberry.UNSET
    )
    account_id: strawberry.ID | None = strawberry.field(
        description=f"The customer. {_UNCHANGED}", default=strawberry.UNSET
    )
    owner_id: strawberry.ID | None = strawberry.field(
        description=f"The account manager. {_UNCHANGED}", default=strawberry.UNSET
    )
    estimated_revenue: Decimal | None = strawberry.field(
        description=f"What the deal is expected to bring. {_ESTIMATE} {_UNCHANGED}", default=strawberry.UNSET
    )
    estimated_close_date: date | None = strawberry.field(
        description=f"{_CLOSE_DATE} {_CLEARED}", default=strawberry.UNSET
    )
    status_reason: OpenReason | None = strawberry.field(
        description=f"Whether it is worked on. {_UNCHANGED}", default=strawberry.UNSET
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> create_update.UpdateOpportunity:
        """Return what the rule is asked.

        Raises:
            NotFound: an id can't be that of an opportunity, account or user.
        """
        return create_update.UpdateOpportunity(
            opportunity_id=parse_id("opp", "opportunity", self.opportunity_id, ("input", "opportunityId")),
            changes=self._changes(),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )

    def _changes(self) -> Any:
        names = ("name", "account_id", "owner_id", "estimated_revenue", "status_reason")
        changes = changed_fields(self, *names, clearable=("description", "estimated_close_date"))
        read = {"account_id": _account_id, "owner_id": _owner_id}
        return {name: read[name](value) if name in read else value for name, value in changes.items()}


def _account_id(text: str) -> Any:
    return parse_id("acc", "account", text, ("input", "accountId"))


def _owner_id(text: str) -> Any:
    return parse_id("usr", "user", text, _OWNER_ID)


@planned_type
class CreateOpportunitySuccess:
    """The opportunity was created."""

    opportunity: Opportunity = by_param("opportunity_id", "The opportunity, open.")


@planned_type
class UpdateOpportunitySuccess:
    """The opportunity is as it was asked for."""

    opportunity: Opportunity = by_param(
        "opportunity_id", "The opportunity, changed; at its old version where nothing differed."
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
    info: Info,
    input: CreateOpportunityInput,  # noqa: A002 - GraphQL's word
) -> CreateOpportunityResult:
    """Create an open opportunity."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: create_update.create_opportunity(transaction, caller, input.to_command()),
        CreateOpportunitySuccess,
        lambda created: {"opportunity_id": created.opportunity_id},
    )


async def update_opportunity(
    info: Info,
    input: UpdateOpportunityInput,  # noqa: A002 - GraphQL's word
) -> UpdateOpportunityResult:
    """Change an open opportunity."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: create_update.update_opportunity(transaction, caller, input.to_command()),
        UpdateOpportunitySuccess,
        lambda updated: {"opportunity_id": updated.opportunity_id},
    )
