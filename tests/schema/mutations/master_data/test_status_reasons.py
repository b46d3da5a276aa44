from typing import Any

import pytest

from db.domain.enums import OpportunityState, SeededReason
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client
from tests.schema.support.mutate import mutate, mutate_refused

CREATE = """
mutation ($input: CreateStatusReasonInput!) {
  createStatusReason(input: $input) {
    __typename
    ... on CreateStatusReasonSuccess {
      statusReason { state label code descriptionRequired competitorRequired isRetired version }
    }
    ... on UserError { code message path }
  }
}
"""
RETIRE = """
mutation ($input: RetireStatusReasonInput!) {
  retireStatusReason(input: $input) {
    __typename
    ... on RetireStatusReasonSuccess { statusReason { label isRetired version } }
    ... on StaleVersionError { currentVersion node { __typename ... on StatusReason { label } } }
    ... on UserError { code message path }
  }
}
"""
SHOW = "query ($id: ID!) { opportunity(id: $id) { statusReason { label isRetired } } }"


async def test_an_organization_creates_its_own_status_reason(builder: OrganizationBuilder) -> None:
    reason = {"state": "LOST", "label": "No budget", "competitorRequired": True}
    assert await mutate(builder, CREATE, **reason) == {
        "__typename": "CreateStatusReasonSuccess",
        "statusReason": {
            **reason,
            "code": None,
            "descriptionRequired": False,
            "isRetired": False,
            "version": 1,
        },
    }


async def test_closings_keep_a_retired_status_reason(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.LOST)
    reason_id = builder.reasons[SeededReason.CANCELED]
    assert await mutate(builder, RETIRE, statusReasonId=f"rsn_{reason_id}", expectedVersion=1) == {
        "__typename": "RetireStatusReasonSuccess",
        "statusReason": {"label": "Canceled", "isRetired": True, "version": 2},
    }
    shown = await Client(builder.database, builder.caller).data(SHOW, id=f"opp_{opportunity_id}")
    assert shown["opportunity"]["statusReason"] == {"label": "Canceled", "isRetired": True}


@pytest.mark.parametrize(
    ("sent_", "code", "field"),
    [
        ({"label": ""}, "LABEL_EMPTY", "label"),
        ({"label": "Out-Sold"}, "STATUS_REASON_LABEL_TAKEN", "label"),
        ({"state": "OPEN"}, "STATUS_REASON_OF_OPEN", "state"),
        ({"state": "WON", "competitorRequired": True}, "COMPETITOR_OF_A_WIN", "competitorRequired"),
    ],
)
async def test_an_invalid_status_reason_is_refused(
    builder: OrganizationBuilder, sent_: dict[str, Any], code: str, field: str
) -> None:
    error = await mutate_refused(builder, CREATE, **{"state": "LOST", "label": "No budget", **sent_})
    assert (error["__typename"], error["code"], error["path"]) == ("OperationError", code, ["input", field])


async def test_status_reasons_of_open_opportunities_cannot_be_retired(builder: OrganizationBuilder) -> None:
    reason_id = builder.reasons[SeededReason.ON_HOLD]
    error = await mutate_refused(builder, RETIRE, statusReasonId=f"rsn_{reason_id}")
    assert (error["code"], error["path"]) == ("STATUS_REASON_OF_OPEN", ["input", "statusReasonId"])


async def test_retiring_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    reason_id = builder.reasons[SeededReason.OUT_SOLD]
    error = await mutate_refused(builder, RETIRE, statusReasonId=f"rsn_{reason_id}", expectedVersion=2)
    assert (error["__typename"], error["currentVersion"]) == ("StaleVersionError", 1)
    assert error["node"] == {"__typename": "StatusReason", "label": "Out-Sold"}


@pytest.mark.parametrize("reason_id", [f"rsn_{new_id()}", "rsn"])
async def test_retiring_a_missing_status_reason_is_not_found(
    builder: OrganizationBuilder, reason_id: str
) -> None:
    error = await mutate_refused(builder, RETIRE, statusReasonId=reason_id)
    assert (error["__typename"], error["path"]) == ("NotFoundError", ["input", "statusReasonId"])
