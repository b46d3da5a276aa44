from typing import Any

import pytest

from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

CREATE = """
mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) {
    __typename
    ... on CreateAccountSuccess {
      account { name industry country established employees annualRevenue parentAccount { name } version }
    }
    ... on UserError { code message path }
  }
}
"""
UPDATE = """
mutation ($input: UpdateAccountInput!) {
  updateAccount(input: $input) {
    __typename
    ... on UpdateAccountSuccess { account { name industry employees parentAccount { name } version } }
    ... on StaleVersionError { currentVersion node { __typename ... on Account { name } } }
    ... on UserError { code message path }
  }
}
"""


async def test_an_account_is_created_with_all_fields(builder: OrganizationBuilder) -> None:
    account = {
        "name": "Blue Harbour",
        "industry": "Ports",
        "country": "Norway",
        "established": 1904,
        "employees": 250,
        "annualRevenue": "12.50",
    }
    assert await mutate(builder, CREATE, **account, parentAccountId=f"acc_{builder.account_id}") == {
        "__typename": "CreateAccountSuccess",
        "account": {**account, "parentAccount": {"name": "Grey Harbour"}, "version": 1},
    }


async def test_an_update_changes_what_it_sends_and_clears_what_it_sends_as_null(
    builder: OrganizationBuilder,
) -> None:
    await mutate(builder, CREATE, name="Blue Harbour", employees=250)
    [blue] = [row.id for row in (await builder.dump())["account"] if row.name == "Blue Harbour"]
    update = {"name": None, "industry": "Ports", "employees": None, "expectedVersion": 1}
    parent = {"parentAccountId": f"acc_{builder.account_id}"}
    assert await mutate(builder, UPDATE, accountId=f"acc_{blue}", **update, **parent) == {
        "__typename": "UpdateAccountSuccess",
        "account": {
            "name": "Blue Harbour",
            "industry": "Ports",
            "employees": None,
            "parentAccount": {"name": "Grey Harbour"},
            "version": 2,
        },
    }
    updated = await mutate(builder, UPDATE, accountId=f"acc_{blue}", parentAccountId=None)
    assert updated["account"]["parentAccount"] is None


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", " ", "NAME_EMPTY"),
        ("name", "Grey Harbour", "ACCOUNT_NAME_TAKEN"),
        ("employees", -1, "EMPLOYEES_OUT_OF_RANGE"),
        ("annualRevenue", "0.001", "ANNUAL_REVENUE_TOO_PRECISE"),
        ("parentAccountId", f"acc_{new_id()}", "NOT_FOUND"),
        ("parentAccountId", "", "NOT_FOUND"),
    ],
)
async def test_an_invalid_creation_is_refused_with_its_code(
    builder: OrganizationBuilder, field: str, value: Any, code: str
) -> None:
    error = await mutate_refused(builder, CREATE, **{"name": "Blue Harbour", field: value})
    assert error["__typename"] == ("NotFoundError" if code == "NOT_FOUND" else "OperationError")
    assert (error["code"], error["path"]) == (code, ["input", field])


async def test_an_account_cannot_be_its_own_parent(builder: OrganizationBuilder) -> None:
    itself = f"acc_{builder.account_id}"
    error = await mutate_refused(builder, UPDATE, accountId=itself, parentAccountId=itself)
    assert (error["__typename"], error["code"]) == ("OperationError", "PARENT_ACCOUNT_BELOW")


async def test_an_update_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    stale = {"accountId": f"acc_{builder.account_id}", "name": "New", "expectedVersion": 2}
    error = await mutate_refused(builder, UPDATE, **stale)
    assert (error["__typename"], error["currentVersion"]) == ("StaleVersionError", 1)
    assert error["node"] == {"__typename": "Account", "name": "Grey Harbour"}


@pytest.mark.parametrize("account_id", [f"acc_{new_id()}", "acc"])
async def test_updating_a_missing_account_is_not_found(builder: OrganizationBuilder, account_id: str) -> None:
    error = await mutate_refused(builder, UPDATE, accountId=account_id, name="New")
    assert (error["__typename"], error["path"]) == ("NotFoundError", ["input", "accountId"])
