from typing import Any

import pytest

from db.domain.enums import OpportunityState, QuoteState, SeededReason
from db.domain.ids import new_id
from tests.builders import NOW, OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

CLOSE = """
mutation ($input: CloseOpportunityInput!) {
  closeOpportunity(input: $input) {
    __typename
    ... on CloseOpportunitySuccess {
      opportunity {
        id state version closedOn statusReason { label } actualRevenue { amount currencyCode }
        close { id } quotes { nodes { number state } }
      }
      opportunityClose {
        id state outcome closedOn description statusReason { label } actualRevenue { amount }
        competitor { name } closedBy { name } createdAt
      }
      closedQuotes { totalCount nodes { number state close { reason description closedOn } } }
    }
    ... on ActiveQuotesError {
      opportunity { state version }
      blockingQuotes(first: 2) { totalCount nodes { number revision state isExpired total { amount } } }
    }
    ... on OpportunityAlreadyClosedError { opportunity { state } }
    ... on InvalidStatusReasonError { allowedStatusReasons { nodes { label } } }
    ... on StaleVersionError { currentVersion node { ... on Opportunity { version } } }
    ... on UserError { code message path }
  }
}
"""

YESTERDAY = "2026-11-22"
TODAY = "2026-11-23"


async def test_a_win_returns_the_opportunity_and_its_close_activity(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(version=3)
    await builder.quote(opportunity_id, number="QUO-1")

    closed = await mutate(
        builder,
        CLOSE,
        opportunityId=f"opp_{opportunity_id}",
        outcome={
            "won": {"statusReasonId": f"rsn_{builder.reasons[SeededReason.WON]}", "actualRevenue": "4321.5"}
        },
        closedOn=YESTERDAY,
        description=" Signed on board. ",
        expectedVersion=3,
    )

    close_id = closed["opportunityClose"]["id"]
    assert closed == {
        "__typename": "CloseOpportunitySuccess",
        "opportunity": {
            "id": f"opp_{opportunity_id}",
            "state": "WON",
            "version": 4,
            "closedOn": YESTERDAY,
            "statusReason": {"label": "Won"},
            "actualRevenue": {"amount": "4321.50", "currencyCode": "EUR"},
            "close": {"id": close_id},
            "quotes": {"nodes": [{"number": "QUO-1", "state": "DRAFT"}]},
        },
        "opportunityClose": {
            "id": close_id,
            "state": "COMPLETED",
            "outcome": "WON",
            "closedOn": YESTERDAY,
            "description": "Signed on board.",
            "statusReason": {"label": "Won"},
            "actualRevenue": {"amount": "4321.50"},
            "competitor": None,
            "closedBy": {"name": "Ada Quill"},
            "createdAt": "2026-11-23T12:00:00.000000Z",
        },
        "closedQuotes": {"totalCount": 0, "nodes": []},
    }


async def test_a_loss_names_the_competitor(builder: OrganizationBuilder) -> None:
    closed = await mutate(
        builder,
        CLOSE,
        opportunityId=f"opp_{await builder.opportunity()}",
        outcome={"lost": {"competitorId": f"cmp_{builder.competitor_id}"}},
    )
    assert closed["opportunity"]["state"] == "LOST"
    assert closed["opportunity"]["actualRevenue"] is None
    assert closed["opportunityClose"]["competitor"] == {"name": "Lift & Sons"}
    assert closed["opportunityClose"]["statusReason"] == {"label": "Out-Sold"}


async def test_one_call_closes_the_active_and_draft_quotes_too(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, number="QUO-1", state=QuoteState.ACTIVE)
    await builder.quote(opportunity_id, number="QUO-2")
    await builder.quote(opportunity_id, number="QUO-3", state=QuoteState.WON)

    closed = await mutate(
        builder,
        CLOSE,
        opportunityId=f"opp_{opportunity_id}",
        outcome={"won": {}},
        closeQuotes={"reason": "CANCELED", "description": "Superseded."},
    )

    recorded = {"reason": "CANCELED", "description": "Superseded.", "closedOn": TODAY}
    assert closed["closedQuotes"] == {
        "totalCount": 2,
        "nodes": [
            {"number": "QUO-1", "state": "CLOSED", "close": recorded},
            {"number": "QUO-2", "state": "CLOSED", "close": recorded},
        ],
    }
    assert closed["opportunity"]["state"] == "WON"
    assert closed["opportunity"]["actualRevenue"]["amount"] == "1000.00"


async def test_a_quote_closed_in_the_same_call_is_not_the_revenue_of_the_win(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, number="QUO-1", state=QuoteState.ACTIVE)

    closed = await mutate(
        builder,
        CLOSE,
        opportunityId=f"opp_{opportunity_id}",
        outcome={"won": {}},
        closeQuotes={"reason": "LOST"},
    )

    assert closed["closedQuotes"]["totalCount"] == 1
    assert closed["opportunity"]["actualRevenue"] == {"amount": "5000.00", "currencyCode": "EUR"}
    assert closed["opportunityClose"]["actualRevenue"] == {"amount": "5000.00"}


async def test_blocking_quotes_are_returned_in_pages(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(version=7)
    for number, effective_to in (
        ("QUO-1", NOW.date()),
        ("QUO-2", NOW.date().replace(day=22)),
        ("QUO-3", None),
    ):
        await builder.quote(opportunity_id, number=number, state=QuoteState.ACTIVE, effective_to=effective_to)
    await builder.quote(opportunity_id, number="QUO-4")

    assert await mutate_refused(
        builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"won": {}}
    ) == {
        "__typename": "ActiveQuotesError",
        "code": "ACTIVE_QUOTES",
        "message": "3 active quotes block closing: QUO-1 rev 0, QUO-2 rev 0 (expired), QUO-3 rev 0."
        " Close them first, or send closeQuotes.",
        "path": ["input", "opportunityId"],
        "opportunity": {"state": "OPEN", "version": 7},
        "blockingQuotes": {
            "totalCount": 3,
            "nodes": [
                {
                    "number": "QUO-1",
                    "revision": 0,
                    "state": "ACTIVE",
                    "isExpired": False,
                    "total": {"amount": "1000.00"},
                },
                {
                    "number": "QUO-2",
                    "revision": 0,
                    "state": "ACTIVE",
                    "isExpired": True,
                    "total": {"amount": "1000.00"},
                },
            ],
        },
    }


async def test_closing_a_closed_opportunity_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.LOST)
    assert await mutate_refused(
        builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"won": {}}
    ) == {
        "__typename": "OpportunityAlreadyClosedError",
        "code": "OPPORTUNITY_ALREADY_CLOSED",
        "message": "The opportunity is already closed as lost: reopen it, change it, close it again.",
        "path": ["input", "opportunityId"],
        "opportunity": {"state": "LOST"},
    }


async def test_a_status_reason_of_the_other_outcome_is_refused_with_the_allowed_ones(
    builder: OrganizationBuilder,
) -> None:
    reason_id = f"rsn_{builder.reasons[SeededReason.WON]}"
    opportunity_id = await builder.opportunity()
    error = await mutate_refused(
        builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"lost": {"statusReasonId": reason_id}}
    )
    assert error == {
        "__typename": "InvalidStatusReasonError",
        "code": "INVALID_STATUS_REASON",
        "message": 'The status reason "Won" is for won opportunities.'
        " Send one of the status reasons that are allowed for lost.",
        "path": ["input", "outcome", "lost", "statusReasonId"],
        "allowedStatusReasons": {"nodes": [{"label": "Canceled"}, {"label": "Out-Sold"}]},
    }


async def test_a_stale_version_is_refused_with_the_current_one(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(version=9)
    error = await mutate_refused(
        builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"won": {}}, expectedVersion=8
    )
    assert error == {
        "__typename": "StaleVersionError",
        "code": "STALE_VERSION",
        "message": "The opportunity is at version 9, you expected 8: read it again, then decide.",
        "path": ["input", "expectedVersion"],
        "currentVersion": 9,
        "node": {"version": 9},
    }


@pytest.mark.parametrize(
    ("details", "code", "path"),
    [
        ({"closedOn": "2026-11-24"}, "CLOSED_ON_IN_FUTURE", ["input", "closedOn"]),
        ({"description": "x" * 2001}, "DESCRIPTION_TOO_LONG", ["input", "description"]),
        ({"idempotencyKey": ""}, "IDEMPOTENCY_KEY_EMPTY", ["input", "idempotencyKey"]),
        (
            {"outcome": {"won": {"actualRevenue": "-1"}}},
            "ACTUAL_REVENUE_OUT_OF_RANGE",
            ["input", "outcome", "won", "actualRevenue"],
        ),
        (
            {"outcome": {"lost": {"actualRevenue": 0.001}}},
            "ACTUAL_REVENUE_TOO_PRECISE",
            ["input", "outcome", "lost", "actualRevenue"],
        ),
    ],
)
async def test_any_other_broken_rule_is_an_operation_error_with_its_code(
    builder: OrganizationBuilder, details: dict[str, Any], code: str, path: list[str]
) -> None:
    opportunity_id = await builder.opportunity()
    error = await mutate_refused(
        builder, CLOSE, **{"opportunityId": f"opp_{opportunity_id}", "outcome": {"won": {}}, **details}
    )
    assert (error["__typename"], error["code"], error["path"]) == ("OperationError", code, path)


@pytest.mark.parametrize("opportunity_id", [f"opp_{new_id()}", "opp_1", "", f"quo_{new_id()}"])
async def test_closing_a_missing_opportunity_is_not_found(
    builder: OrganizationBuilder, opportunity_id: str
) -> None:
    assert await mutate_refused(builder, CLOSE, opportunityId=opportunity_id, outcome={"won": {}}) == {
        "__typename": "NotFoundError",
        "code": "NOT_FOUND",
        "message": "There is no opportunity with this id. Check the id.",
        "path": ["input", "opportunityId"],
    }


async def test_ids_of_another_organization_are_not_found(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    own, theirs = await builder.opportunity(), await other.opportunity()

    async def execute(opportunity_id: object, **lost: str) -> Any:
        return await mutate_refused(
            builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"lost": lost}
        )

    assert await execute(theirs) == await execute(new_id())
    competitors = [await execute(own, competitorId=f"cmp_{id_}") for id_ in (other.competitor_id, new_id())]
    assert competitors[0] == competitors[1]
    assert competitors[0]["path"] == ["input", "outcome", "lost", "competitorId"]
    reasons = [
        await execute(own, statusReasonId=f"rsn_{id_}")
        for id_ in (other.reasons[SeededReason.CANCELED], new_id())
    ]
    assert reasons[0] == reasons[1]
    assert reasons[0]["message"].startswith("There is no such status reason.")


async def test_the_same_key_and_input_return_the_first_result(builder: OrganizationBuilder) -> None:
    closing = {
        "opportunityId": f"opp_{await builder.opportunity()}",
        "outcome": {"won": {}},
        "idempotencyKey": "a key",
    }
    first = await mutate(builder, CLOSE, **closing)
    assert first["__typename"] == "CloseOpportunitySuccess"
    assert await mutate_refused(builder, CLOSE, **closing) == first


async def test_the_same_key_with_another_input_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = f"opp_{await builder.opportunity()}"
    await mutate(builder, CLOSE, opportunityId=opportunity_id, outcome={"won": {}}, idempotencyKey="a key")
    error = await mutate_refused(
        builder, CLOSE, opportunityId=opportunity_id, outcome={"lost": {}}, idempotencyKey="a key"
    )
    assert (error["__typename"], error["code"]) == ("OperationError", "IDEMPOTENCY_KEY_REUSED")
    assert error["path"] == ["input", "idempotencyKey"]
