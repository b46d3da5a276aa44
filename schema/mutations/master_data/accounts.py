"""``createAccount`` and ``updateAccount``: customers are entered and kept up to date."""

from decimal import Decimal
from typing import Annotated, Any

import strawberry

from db.master_data import accounts
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError
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
from schema.types.organization import Account

_NAME = "The company's name; 1 to 200 characters, unique in the organization."
_INDUSTRY = "What business it is in; up to 200 characters."
_COUNTRY = "Where its headquarters are; up to 200 characters."
_ESTABLISHED = "The year it was established."
_EMPLOYEES = "How many people it employs."
_ANNUAL_REVENUE = (
    "Its revenue in a year, in millions of US dollars; 0 to 1,000,000,000,000.00, at most two decimal places."
)
_PARENT = "The company it belongs to; never one that belongs to it."
_CLEARED = "Unchanged unless sent; null clears it."
_CODES = (
    "NAME_EMPTY",
    "NAME_TOO_LONG",
    "INDUSTRY_TOO_LONG",
    "COUNTRY_TOO_LONG",
    "ESTABLISHED_OUT_OF_RANGE",
    "EMPLOYEES_OUT_OF_RANGE",
    "ANNUAL_REVENUE_OUT_OF_RANGE",
    "ANNUAL_REVENUE_TOO_PRECISE",
    "ACCOUNT_NAME_TAKEN",
)


@strawberry.input(description="A new account.")
class CreateAccountInput:
    """The input of ``createAccount``."""

    name: str = strawberry.field(description=_NAME)
    industry: str | None = strawberry.field(description=_INDUSTRY, default=None)
    country: str | None = strawberry.field(description=_COUNTRY, default=None)
    established: int | None = strawberry.field(description=_ESTABLISHED, default=None)
    employees: int | None = strawberry.field(description=_EMPLOYEES, default=None)
    annual_revenue: Decimal | None = strawberry.field(description=_ANNUAL_REVENUE, default=None)
    parent_account_id: strawberry.ID | None = strawberry.field(description=_PARENT, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> accounts.CreateAccount:
        """Return what the rule is asked.

        Raises:
            NotFound: the parent's id can't be that of an account.
        """
        return accounts.CreateAccount(
            name=self.name,
            industry=self.industry,
            country=self.country,
            established=self.established,
            employees=self.employees,
            annual_revenue=self.annual_revenue,
            parent_account_id=_parent_id(self.parent_account_id),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="What to change of which account.")
class UpdateAccountInput:
    """The input of ``updateAccount``."""

    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str | None = strawberry.field(
        description=f"{_NAME} Unchanged unless sent.", default=strawberry.UNSET
    )
    industry: str | None = strawberry.field(description=f"{_INDUSTRY} {_CLEARED}", default=strawberry.UNSET)
    country: str | None = strawberry.field(description=f"{_COUNTRY} {_CLEARED}", default=strawberry.UNSET)
    established: int | None = strawberry.field(
        description=f"{_ESTABLISHED} {_CLEARED}", default=strawberry.UNSET
    )
    employees: int | None = strawberry.field(description=f"{_EMPLOYEES} {_CLEARED}", default=strawberry.UNSET)
    annual_revenue: Decimal | None = strawberry.field(
        description=f"{_ANNUAL_REVENUE} {_CLEARED}", default=strawberry.UNSET
    )
    parent_account_id: strawberry.ID | None = strawberry.field(
        description=f"{_PARENT} {_CLEARED}", default=strawberry.UNSET
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> accounts.UpdateAccount:
        """Return what the rule is asked.

        Raises:
            NotFound: an id can't be that of an account.
        """
        return accounts.UpdateAccount(
            account_id=parse_id("acc", "account", self.account_id, ("input", "accountId")),
            changes=self._changes(),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )

    def _changes(self) -> Any:
        clearable = ("industry", "country", "established", "employees", "annual_revenue", "parent_account_id")
        changes = changed_fields(self, "name", clearable=clearable)
        if "parent_account_id" in changes:
            changes["parent_account_id"] = _parent_id(changes["parent_account_id"])
        return changes


def _parent_id(text: str | None) -> Any:
    return parse_optional_id("acc", "account", text, ("input", "parentAccountId"))


@planned_type
class CreateAccountSuccess:
    """The account was created."""

    account: Account = by_param("account_id", "The account.")


@planned_type
class UpdateAccountSuccess:
    """The account is as it was asked for."""

    account: Account = by_param(
        "account_id", "The account, changed; at its old version where nothing differed."
    )


CreateAccountResult = Annotated[
    CreateAccountSuccess | NotFoundError | OperationError,
    strawberry.union("CreateAccountResult", description=describe_result("createAccount", *_CODES)),
]

UpdateAccountResult = Annotated[
    UpdateAccountSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "UpdateAccountResult", description=describe_result("updateAccount", *_CODES, "PARENT_ACCOUNT_BELOW")
    ),
]


async def create_account(info: Info, input: CreateAccountInput) -> CreateAccountResult:  # noqa: A002 - GraphQL's word
    """Create an account."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: accounts.create_account(transaction, caller, input.to_command()),
        CreateAccountSuccess,
        lambda created: {"account_id": created.account_id},
    )


async def update_account(info: Info, input: UpdateAccountInput) -> UpdateAccountResult:  # noqa: A002 - GraphQL's word
    """Change an account."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: accounts.update_account(transaction, caller, input.to_command()),
        UpdateAccountSuccess,
        lambda updated: {"account_id": updated.account_id},
    )
