from typing import Any

import pytest

from db.domain.enums import OpportunityState, QuoteState, SeededReason
from db.domain.ids import new_id
from schema.planner.global_ids import split_id
from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

CLOSE = """
mutation ($input: CloseOpportunitiesInput!) {
  closeOpportunities(input: $input) {
    __typename
    ... on CloseOpportunitiesSuccess {
      closedOpportunities(orderBy: [{field: NAME}]) {
        totalCount
        nodes { name state statusReason { label } close { competitor { name } closedOn description } }
      }
      closedQuotes { nodes { number statusReason } }
      failures { ...failure }
    }
    ... on CloseOpportunitiesRejectedError { failures { ...failure } }
    ... on InvalidStatusReasonError { allowedStatusReasons { nodes { label } } }
    ... on UserError { code message path }
  }
}
fragment failure on OpportunityCloseFailure {
  code message path
  opportunity { name state }
  blockingQuotes { totalCount nodes { number revision isExpired } }
}
"""


async def test_opportunities_are_closed_with_the_same_outcome(builder: OrganizationBuilder) -> None:
    ids = [f"opp_{await builder.opportunity(name=name)}" for name in ("Cranes", "Quays")]
    closing = {
        "opportunityIds": ids,
        "outcome": {"lost": {"competitorId": f"cmp_{builder.competitor_id}"}},
        "closedOn": "2026-11-20",
        "description": "Lost the tender.",
    }
    close = {
        "competitor": {"name": "Lift & Sons"},
        "closedOn": "2026-11-20",
        "description": "Lost the tender.",
    }
    assert await mutate(builder, CLOSE, **closing) == {
        "__typename": "CloseOpportunitiesSuccess",
        "closedOpportunities": {
            "totalCount": 2,
            "nodes": [
                {"name": name, "state": "LOST", "statusReason": {"label": "Out-Sold"}, "close": close}
                for name in ("Cranes", "Quays")
            ],
        },
        "closedQuotes": {"nodes": []},
        "failures": [],
    }


async def test_one_blocked_opportunity_rejects_all_and_the_error_names_the_blocking_quotes(
    builder: OrganizationBuilder,
) -> None:
    blocked = await builder.opportunity(name="Cranes")
    await builder.quote(blocked, state=QuoteState.ACTIVE, number="QUO-7", revision=2)
    ids = [f"opp_{await builder.opportunity()}", f"opp_{blocked}", f"opp_{new_id()}"]
    error = await mutate_refused(builder, CLOSE, opportunityIds=ids, outcome={"won": {}})
    assert error == {
        "__typename": "CloseOpportunitiesRejectedError",
        "code": "OPPORTUNITIES_NOT_CLOSABLE",
        "message": "2 opportunities can't be closed, so none was. Leave them out, or send onFailure:"
        " CLOSE_OTHERS.",
        "path": ["input", "opportunityIds"],
        "failures": [
            {
                "code": "ACTIVE_QUOTES",
                "message": "1 active quote blocks closing: QUO-7 rev 2. Close it first, or send closeQuotes.",
                "path": ["input", "opportunityIds", "1"],
                "opportunity": {"name": "Cranes", "state": "OPEN"},
                "blockingQuotes": {
                    "totalCount": 1,
                    "nodes": [{"number": "QUO-7", "revision": 2, "isExpired": False}],
                },
            },
            {
                "code": "NOT_FOUND",
                "message": "There is no opportunity with this id. Check the id.",
                "path": ["input", "opportunityIds", "2"],
                "opportunity": None,
                "blockingQuotes": {"totalCount": 0, "nodes": []},
            },
        ],
    }


async def test_close_others_closes_all_but_the_blocked_ones(builder: OrganizationBuilder) -> None:
    closed = await builder.opportunity(state=OpportunityState.WON)
    ids = [f"opp_{closed}", f"opp_{await builder.opportunity(name='Quays')}"]
    success = await mutate(builder, CLOSE, opportunityIds=ids, outcome={"won": {}}, onFailure="CLOSE_OTHERS")
    assert [node["name"] for node in success["closedOpportunities"]["nodes"]] == ["Quays"]
    [failure] = success["failures"]
    assert (failure["code"], failure["path"]) == (
        "OPPORTUNITY_ALREADY_CLOSED",
        ["input", "opportunityIds", "0"],
    )


async def test_of_a_hundred_opportunities_thirty_blocked_ones_are_reported_and_seventy_closed_once(
    builder: OrganizationBuilder,
) -> None:
    ids = [f"opp_{await builder.opportunity(name=f'Deal {number}')}" for number in range(100)]
    for number in range(30):
        opportunity_id = split_id(ids[3 * number])[1]
        await builder.quote(opportunity_id, state=QuoteState.ACTIVE, number=f"QUO-{number}")
    blockers = [(f"Deal {3 * number}", [f"QUO-{number}"]) for number in range(30)]
    closing: dict[str, Any] = {"opportunityIds": ids, "outcome": {"lost": {}}}

    error = await mutate_refused(builder, CLOSE, **closing)
    assert blockers_in(error) == blockers

    closing |= {"onFailure": "CLOSE_OTHERS", "idempotencyKey": "monday"}
    success = await mutate(builder, CLOSE, **closing)
    assert success["closedOpportunities"]["totalCount"] == 70
    assert blockers_in(success) == blockers
    before = await builder.dump()
    assert await mutate(builder, CLOSE, **closing) == success
    assert await builder.dump() == before


def blockers_in(answer: Any) -> list[tuple[str, list[str]]]:
    """Return the name of each opportunity that could not be closed, with the numbers of its blocking quotes."""
    return [
        (each["opportunity"]["name"], [quote["number"] for quote in each["blockingQuotes"]["nodes"]])
        for each in answer["failures"]
    ]


async def test_a_malformed_opportunity_id_is_a_failure_of_its_own(
    builder: OrganizationBuilder,
) -> None:
    ids = ["opp_1", f"opp_{await builder.opportunity(name='Quays')}", f"quo_{new_id()}"]
    error = await mutate_refused(builder, CLOSE, opportunityIds=ids, outcome={"won": {}})
    success = await mutate(builder, CLOSE, opportunityIds=ids, outcome={"won": {}}, onFailure="CLOSE_OTHERS")
    assert [node["name"] for node in success["closedOpportunities"]["nodes"]] == ["Quays"]
    assert [(each["code"], each["path"][-1]) for each in success["failures"]] == [
        ("NOT_FOUND", "0"),
        ("NOT_FOUND", "2"),
    ]
    assert error["failures"] == success["failures"]


async def test_close_quotes_closes_the_quotes_of_all_opportunities(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE, number="QUO-7")
    closing: dict[str, Any] = {"outcome": {"lost": {}}, "closeQuotes": {"reason": "CANCELED"}}
    success = await mutate(builder, CLOSE, opportunityIds=[f"opp_{opportunity_id}"], **closing)
    assert success["closedQuotes"]["nodes"] == [{"number": "QUO-7", "statusReason": "CANCELED"}]


async def test_a_status_reason_of_the_other_outcome_is_refused(builder: OrganizationBuilder) -> None:
    won = f"rsn_{builder.reasons[SeededReason.WON]}"
    ids = [f"opp_{await builder.opportunity()}"]
    error = await mutate_refused(
        builder, CLOSE, opportunityIds=ids, outcome={"lost": {"statusReasonId": won}}
    )
    assert (error["__typename"], error["path"]) == (
        "InvalidStatusReasonError",
        ["input", "outcome", "lost", "statusReasonId"],
    )
    assert [node["label"] for node in error["allowedStatusReasons"]["nodes"]] == ["Canceled", "Out-Sold"]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"opportunityIds": []}, "NO_OPPORTUNITIES", ["opportunityIds"]),
        (
            {"opportunityIds": [f"opp_{new_id()}" for _ in range(101)]},
            "TOO_MANY_OPPORTUNITIES",
            ["opportunityIds"],
        ),
        (
            {"outcome": {"lost": {"competitorId": ""}}},
            "NOT_FOUND",
            ["outcome", "lost", "competitorId"],
        ),
        ({"closedOn": "2026-11-24"}, "CLOSED_ON_IN_FUTURE", ["closedOn"]),
    ],
)
async def test_an_invalid_input_is_refused_with_its_code(
    builder: OrganizationBuilder, change: dict[str, Any], code: str, path: list[str]
) -> None:
    closing = {"opportunityIds": [f"opp_{await builder.opportunity()}"], "outcome": {"lost": {}}}
    error = await mutate_refused(builder, CLOSE, **{**closing, **change})
    assert error["__typename"] == ("NotFoundError" if code == "NOT_FOUND" else "OperationError")
    assert (error["code"], error["path"]) == (code, ["input", *path])
