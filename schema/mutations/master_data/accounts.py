"""``createAccount`` and ``updateAccount``."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from db.domain.caller import Caller
from db.master_data import accounts
from db.sql.database import Transaction
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError, describe_result
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
from schema.types.organization import Account

_NAME = "The company's name; 1 to 200 characters, unique in the organization."
_INDUSTRY = "The industry; up to 200 characters."
_COUNTRY = "The country of the headquarters; up to 200 characters."
_ESTABLISHED = "The year of foundation."
_EMPLOYEES = "The number of employees."
_ANNUAL_REVENUE = (
    "The annual revenue in millions of US dollars; 0 to 1,000,000,000,000.00, at most two decimal places."
)
_PARENT = "The parent company; never one of its own subsidiaries."
_CODES = (
    "NAME_EMPTY",
    "NAME_TOO_LONG",
    "NAME_WITH_FORBIDDEN_CHARACTER",
    "INDUSTRY_TOO_LONG",
    "INDUSTRY_WITH_FORBIDDEN_CHARACTER",
    "COUNTRY_TOO_LONG",
    "COUNTRY_WITH_FORBIDDEN_CHARACTER",
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
        """Return the command.

        Raises:
            NotFound: the parent's id can't belong to an account.
        """
        parent = self.parent_account_id
        return accounts.CreateAccount(
            name=self.name,
            industry=self.industry,
            country=self.country,
            established=self.established,
            employees=self.employees,
            annual_revenue=self.annual_revenue,
            parent_account_id=None if parent is None else _parse_parent_id(parent),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Which account to change, and how.")
class UpdateAccountInput:
    """The input of ``updateAccount``."""

    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str | None = strawberry.field(description=f"{_NAME} {UNCHANGED}", default=strawberry.UNSET)
    industry: str | None = strawberry.field(description=f"{_INDUSTRY} {CLEARED}", default=strawberry.UNSET)
    country: str | None = strawberry.field(description=f"{_COUNTRY} {CLEARED}", default=strawberry.UNSET)
    established: int | None = strawberry.field(
        description=f"{_ESTABLISHED} {CLEARED}", default=strawberry.UNSET
    )
    employees: int | None = strawberry.field(description=f"{_EMPLOYEES} {CLEARED}", default=strawberry.UNSET)
    annual_revenue: Decimal | None = strawberry.field(
        description=f"{_ANNUAL_REVENUE} {CLEARED}", default=strawberry.UNSET
    )
    parent_account_id: strawberry.ID | None = strawberry.field(
        description=f"{_PARENT} {CLEARED}", default=strawberry.UNSET
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> accounts.UpdateAccount:
        """Return the command.

        Raises:
            NotFound: an id can't belong to an account.
        """
        return accounts.UpdateAccount(
            account_id=parse_id("acc", "account", self.account_id, ("input", "accountId")),
            changes=changed_fields(
                accounts.AccountChanges,
                self,
                "name",
                clearable=(
                    "industry",
                    "country",
                    "established",
                    "employees",
                    "annual_revenue",
                    "parent_account_id",
                ),
                parsers={"parent_account_id": _parse_parent_id},
            ),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


def _parse_parent_id(text: str) -> UUID:
    return parse_id("acc", "account", text, ("input", "parentAccountId"))


@planned_type
class CreateAccountSuccess:
    """The account was created."""

    account: Account = by_param("account_id", "The account.")


@planned_type
class UpdateAccountSuccess:
    """The account has the values of the input."""

    account: Account = by_param("account_id", "The account, changed; at its old version if nothing differed.")


CreateAccountResult = Annotated[
    CreateAccountSuccess | NotFoundError | OperationError,
    strawberry.union("CreateAccountResult", description=describe_result("createAccount", *_CODES)),
]

UpdateAccountResult = Annotated[
    UpdateAccountSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "UpdateAccountResult",
        description=describe_result("updateAccount", *_CODES, "PARENT_ACCOUNT_BELOW"),
    ),
]


async def create_account(transaction: Transaction, caller: Caller, input_: CreateAccountInput) -> Payload:
    """Create an account."""
    created = await accounts.create_account(transaction, caller, input_.to_command())
    return Payload(CreateAccountSuccess, {"account_id": created.account_id})


async def update_account(transaction: Transaction, caller: Caller, input_: UpdateAccountInput) -> Payload:
    """Change an account."""
    updated = await accounts.update_account(transaction, caller, input_.to_command())
    return Payload(UpdateAccountSuccess, {"account_id": updated.account_id})
