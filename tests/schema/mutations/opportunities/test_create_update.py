from typing import Any

import pytest

from db.domain.enums import OpportunityState
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

CREATE = """
mutation ($input: CreateOpportunityInput!) {
  createOpportunity(input: $input) {
    __typename
    ... on CreateOpportunitySuccess {
      opportunity {
        name description state statusReason { label } owner { name } account { name } contractingUnit { name }
        estimatedRevenue { amount currencyCode } estimatedCloseDate version createdAt
      }
    }
    ... on UserError { code message path }
  }
}
"""
UPDATE = """
mutation ($input: UpdateOpportunityInput!) {
  updateOpportunity(input: $input) {
    __typename
    ... on UpdateOpportunitySuccess {
      opportunity {
        name description owner { name } statusReason { label }
        estimatedRevenue { amount } estimatedCloseDate version
      }
    }
    ... on OpportunityAlreadyClosedError { opportunity { name } }
    ... on StaleVersionError { currentVersion node { __typename id ... on Opportunity { name version } } }
    ... on UserError { code message path }
  }
}
"""


def creation(builder: OrganizationBuilder, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Quay lighting",
        "accountId": f"acc_{builder.account_id}",
        "contractingUnitId": f"unit_{builder.contracting_unit_id}",
        "estimatedRevenue": "7500.00",
        **changes,
    }


async def test_an_opportunity_is_created_with_defaults(builder: OrganizationBuilder) -> None:
    assert await mutate(builder, CREATE, **creation(builder)) == {
        "__typename": "CreateOpportunitySuccess",
        "opportunity": {
            "name": "Quay lighting",
            "description": None,
            "state": "OPEN",
            "statusReason": {"label": "In Progress"},
            "owner": {"name": "Ada Quill"},
            "account": {"name": "Grey Harbour"},
            "contractingUnit": {"name": "Ports"},
            "estimatedRevenue": {"amount": "7500.00", "currencyCode": "EUR"},
            "estimatedCloseDate": None,
            "version": 1,
            "createdAt": "2026-11-23T12:00:00.000000Z",
        },
    }


async def test_an_opportunity_is_created_with_all_fields(builder: OrganizationBuilder) -> None:
    described = creation(
        builder,
        description="Two berths.",
        ownerId=f"usr_{builder.user_id}",
        currencyCode="NOK",
        estimatedCloseDate="2027-03-31",
        statusReason="ON_HOLD",
    )
    opportunity = (await mutate(builder, CREATE, **described))["opportunity"]
    assert opportunity["description"] == "Two berths."
    assert opportunity["statusReason"] == {"label": "On Hold"}
    assert opportunity["estimatedRevenue"] == {"amount": "7500.00", "currencyCode": "NOK"}
    assert opportunity["estimatedCloseDate"] == "2027-03-31"


async def test_a_repeated_creation_with_the_same_key_creates_nothing(
    builder: OrganizationBuilder,
) -> None:
    keyed = creation(builder, idempotencyKey="monday")
    first = await mutate(builder, CREATE, **keyed)
    before = await builder.dump()
    assert await mutate(builder, CREATE, **keyed) == first
    assert await builder.dump() == before


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("accountId", f"acc_{new_id()}", "NOT_FOUND"),
        ("accountId", f"opp_{new_id()}", "NOT_FOUND"),
        ("ownerId", "", "NOT_FOUND"),
        ("contractingUnitId", "", "NOT_FOUND"),
        ("name", " ", "NAME_EMPTY"),
        ("currencyCode", "€", "CURRENCY_CODE_INVALID"),
        ("estimatedRevenue", "0.001", "ESTIMATED_REVENUE_TOO_PRECISE"),
    ],
)
async def test_an_invalid_creation_is_refused_with_its_code(
    builder: OrganizationBuilder, field: str, value: str, code: str
) -> None:
    error = await mutate_refused(builder, CREATE, **creation(builder, **{field: value}))
    assert error["__typename"] == ("NotFoundError" if code == "NOT_FOUND" else "OperationError")
    assert (error["code"], error["path"]) == (code, ["input", field])


async def test_an_update_changes_what_it_sends_and_clears_what_it_sends_as_null(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(description="Two berths.", version=4)
    update = {
        "opportunityId": f"opp_{opportunity_id}",
        "name": None,
        "description": None,
        "ownerId": None,
        "estimatedRevenue": "0.5",
        "estimatedCloseDate": "2027-01-01",
        "statusReason": "ON_HOLD",
        "expectedVersion": 4,
    }
    assert await mutate(builder, UPDATE, **update) == {
        "__typename": "UpdateOpportunitySuccess",
        "opportunity": {
            "name": "Harbour crane retrofit",
            "description": None,
            "owner": {"name": "Ada Quill"},
            "statusReason": {"label": "On Hold"},
            "estimatedRevenue": {"amount": "0.50"},
            "estimatedCloseDate": "2027-01-01",
            "version": 5,
        },
    }


async def test_an_update_without_changes_returns_the_opportunity_unchanged(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(version=4)
    before = await builder.dump()
    updated = await mutate(builder, UPDATE, opportunityId=f"opp_{opportunity_id}")
    assert updated["opportunity"]["version"] == 4
    assert await builder.dump() == before


async def test_an_update_of_a_closed_opportunity_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    assert await mutate_refused(builder, UPDATE, opportunityId=f"opp_{opportunity_id}", name="New") == {
        "__typename": "OpportunityAlreadyClosedError",
        "opportunity": {"name": "Harbour crane retrofit"},
        "code": "OPPORTUNITY_ALREADY_CLOSED",
        "message": "The opportunity is already closed as won: reopen it, change it, close it again.",
        "path": ["input", "opportunityId"],
    }


async def test_an_update_with_a_stale_version_is_refused_and_returns_the_opportunity(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(version=4)
    update = {"opportunityId": f"opp_{opportunity_id}", "name": "New", "expectedVersion": 3}
    assert await mutate_refused(builder, UPDATE, **update) == {
        "__typename": "StaleVersionError",
        "currentVersion": 4,
        "node": {
            "__typename": "Opportunity",
            "id": f"opp_{opportunity_id}",
            "name": "Harbour crane retrofit",
            "version": 4,
        },
        "code": "STALE_VERSION",
        "message": "The opportunity is at version 4, you expected 3: read it again, then decide.",
        "path": ["input", "expectedVersion"],
    }


@pytest.mark.parametrize(
    ("field", "id_"),
    [
        ("opportunityId", f"opp_{new_id()}"),
        ("opportunityId", "opp"),
        ("accountId", f"acc_{new_id()}"),
        ("ownerId", f"acc_{new_id()}"),
    ],
)
async def test_an_update_with_a_missing_id_is_not_found(
    builder: OrganizationBuilder, field: str, id_: str
) -> None:
    opportunity_id = await builder.opportunity()
    error = await mutate_refused(builder, UPDATE, **{"opportunityId": f"opp_{opportunity_id}", field: id_})
    assert (error["__typename"], error["path"]) == ("NotFoundError", ["input", field])
