import pytest

from db.domain.enums import OpportunityState
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

REOPEN = """
mutation ($input: ReopenOpportunityInput!) {
  reopenOpportunity(input: $input) {
    __typename
    ... on ReopenOpportunitySuccess {
      opportunity {
        state statusReason { label } actualRevenue { amount } closedOn close { id } version
        closes { nodes { state outcome } }
      }
      canceledClose { state outcome actualRevenue { amount } closedOn }
    }
    ... on StaleVersionError { currentVersion node { ... on Opportunity { state } } }
    ... on UserError { code message path }
  }
}
"""


async def test_a_reopened_opportunity_has_no_outcome_and_keeps_its_close_activity(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    reopening = {"opportunityId": f"opp_{opportunity_id}", "statusReason": "ON_HOLD", "expectedVersion": 1}
    assert await mutate(builder, REOPEN, **reopening) == {
        "__typename": "ReopenOpportunitySuccess",
        "opportunity": {
            "state": "OPEN",
            "statusReason": {"label": "On Hold"},
            "actualRevenue": None,
            "closedOn": None,
            "close": None,
            "version": 2,
            "closes": {"nodes": [{"state": "CANCELED", "outcome": "WON"}]},
        },
        "canceledClose": {
            "state": "CANCELED",
            "outcome": "WON",
            "actualRevenue": {"amount": "5000.00"},
            "closedOn": "2026-11-23",
        },
    }


async def test_a_reopened_opportunity_is_in_progress_by_default(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.LOST)
    reopened = await mutate(builder, REOPEN, opportunityId=f"opp_{opportunity_id}")
    assert reopened["opportunity"]["statusReason"] == {"label": "In Progress"}


async def test_reopening_an_open_opportunity_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    assert await mutate_refused(builder, REOPEN, opportunityId=f"opp_{opportunity_id}") == {
        "__typename": "OperationError",
        "code": "OPPORTUNITY_OPEN",
        "message": "The opportunity is open already. There is nothing to reopen.",
        "path": ["input", "opportunityId"],
    }


async def test_reopening_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON, version=4)
    error = await mutate_refused(builder, REOPEN, opportunityId=f"opp_{opportunity_id}", expectedVersion=3)
    assert (error["__typename"], error["currentVersion"]) == ("StaleVersionError", 4)
    assert error["node"] == {"state": "WON"}


@pytest.mark.parametrize("opportunity_id", [f"opp_{new_id()}", "opp_1", f"quo_{new_id()}"])
async def test_reopening_a_missing_opportunity_is_not_found(
    builder: OrganizationBuilder, opportunity_id: str
) -> None:
    error = await mutate_refused(builder, REOPEN, opportunityId=opportunity_id)
    assert (error["__typename"], error["path"]) == ("NotFoundError", ["input", "opportunityId"])
