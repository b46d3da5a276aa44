from typing import Any

import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client
from tests.schema.support.mutate import mutate, mutate_refused

CLOSE_QUOTES = """
mutation ($input: CloseQuotesInput!) {
  closeQuotes(input: $input) {
    __typename
    ... on CloseQuotesSuccess {
      closedQuotes {
        totalCount
        nodes { number state statusReason version close { reason closedOn description closedBy { name } } }
      }
      failures { ...failure }
    }
    ... on CloseQuotesRejectedError { failures { ...failure } }
    ... on UserError { code message path }
  }
}
fragment failure on QuoteCloseFailure { code message path quote { number state opportunity { state } } }
"""


def quote_ids(*ids: object) -> dict[str, list[str]]:
    return {"ids": [f"quo_{id_}" for id_ in ids]}


async def test_all_active_and_draft_quotes_of_an_opportunity_are_closed_as_lost_today_by_default(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    for number, state in enumerate(QuoteState, start=1):
        await builder.quote(opportunity_id, number=f"QUO-{number}", state=state, version=number)

    closed = await mutate(builder, CLOSE_QUOTES, quotes={"ofOpportunity": f"opp_{opportunity_id}"})

    recorded = {
        "reason": "LOST",
        "closedOn": "2026-11-23",
        "description": None,
        "closedBy": {"name": "Ada Quill"},
    }
    lost = {"state": "CLOSED", "statusReason": "LOST", "close": recorded}
    assert closed == {
        "__typename": "CloseQuotesSuccess",
        "closedQuotes": {
            "totalCount": 2,
            "nodes": [{"number": "QUO-1", "version": 2, **lost}, {"number": "QUO-2", "version": 3, **lost}],
        },
        "failures": [],
    }


async def test_quotes_are_closed_by_their_ids_with_all_fields(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    named = [await builder.quote(opportunity_id, number=f"QUO-{number}") for number in (1, 2)]
    await builder.quote(opportunity_id, number="QUO-3")

    closed = await mutate(
        builder,
        CLOSE_QUOTES,
        quotes=quote_ids(*named),
        reason="CANCELED",
        closedOn="2026-11-02",
        description="Withdrawn.",
    )

    assert [each["number"] for each in closed["closedQuotes"]["nodes"]] == ["QUO-1", "QUO-2"]
    assert closed["closedQuotes"]["nodes"][0]["statusReason"] == "CANCELED"
    assert closed["closedQuotes"]["nodes"][0]["close"] == {
        "reason": "CANCELED",
        "closedOn": "2026-11-02",
        "description": "Withdrawn.",
        "closedBy": {"name": "Ada Quill"},
    }


async def test_an_opportunity_may_have_no_quotes_to_close(builder: OrganizationBuilder) -> None:
    closed = await mutate(
        builder, CLOSE_QUOTES, quotes={"ofOpportunity": f"opp_{await builder.opportunity()}"}
    )
    assert closed["closedQuotes"] == {"totalCount": 0, "nodes": []}


async def test_reject_all_returns_a_failure_for_each_quote_that_cannot_be_closed(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id, missing = await builder.opportunity(), new_id()
    draft = await builder.quote(opportunity_id)
    closed = await builder.quote(opportunity_id, number="QUO-9", state=QuoteState.CLOSED)
    assert await mutate_refused(builder, CLOSE_QUOTES, quotes=quote_ids(draft, closed, missing)) == {
        "__typename": "CloseQuotesRejectedError",
        "code": "QUOTES_NOT_CLOSABLE",
        "message": "2 quotes can't be closed, so none was. Leave them out, or send onFailure: CLOSE_OTHERS.",
        "path": ["input", "quotes", "ids"],
        "failures": [
            {
                "code": "QUOTE_ALREADY_CLOSED",
                "message": "QUO-9 rev 0 is already closed. Leave it out.",
                "path": ["input", "quotes", "ids", "1"],
                "quote": {"number": "QUO-9", "state": "CLOSED", "opportunity": {"state": "OPEN"}},
            },
            {
                "code": "NOT_FOUND",
                "message": "There is no quote with this id. Check the id.",
                "path": ["input", "quotes", "ids", "2"],
                "quote": None,
            },
        ],
    }


async def test_close_others_closes_all_but_the_failing_quotes(builder: OrganizationBuilder) -> None:
    lost = await builder.opportunity(state=OpportunityState.LOST)
    draft = await builder.quote(await builder.opportunity(), number="QUO-1")
    stuck = await builder.quote(lost, number="QUO-2")

    closed = await mutate(builder, CLOSE_QUOTES, quotes=quote_ids(stuck, draft), onFailure="CLOSE_OTHERS")

    assert [(each["number"], each["state"]) for each in closed["closedQuotes"]["nodes"]] == [
        ("QUO-1", "CLOSED")
    ]
    assert closed["failures"] == [
        {
            "code": "OPPORTUNITY_CLOSED",
            "message": "The opportunity of QUO-2 rev 0 is closed as lost. Reopen it first.",
            "path": ["input", "quotes", "ids", "0"],
            "quote": {"number": "QUO-2", "state": "DRAFT", "opportunity": {"state": "LOST"}},
        }
    ]


async def test_a_quote_of_another_organization_is_reported_like_a_missing_one(
    builder: OrganizationBuilder,
) -> None:
    other = await OrganizationBuilder.create(builder.database)
    theirs = await other.quote(await other.opportunity())
    for policy in ("REJECT_ALL", "CLOSE_OTHERS"):
        answers = [
            await mutate_refused(builder, CLOSE_QUOTES, quotes=quote_ids(id_), onFailure=policy)
            for id_ in (theirs, new_id())
        ]
        assert answers[0] == answers[1]
        assert answers[0]["failures"][0]["quote"] is None


@pytest.mark.parametrize("malformed", ["quo_1", "", f"opp_{new_id()}", "quo_é"])
async def test_a_malformed_quote_id_is_reported_like_a_missing_one(
    builder: OrganizationBuilder, malformed: str
) -> None:
    for policy in ("REJECT_ALL", "CLOSE_OTHERS"):
        of_none, missing = [
            await mutate_refused(builder, CLOSE_QUOTES, quotes={"ids": [id_]}, onFailure=policy)
            for id_ in (malformed, f"quo_{new_id()}")
        ]
        assert of_none == missing


async def test_a_malformed_quote_id_does_not_keep_other_quotes_open(builder: OrganizationBuilder) -> None:
    draft = f"quo_{await builder.quote(await builder.opportunity(), number='QUO-1')}"
    ids = ["quo_1", draft, "quo_2", "quo_1"]
    closed = await mutate(builder, CLOSE_QUOTES, quotes={"ids": ids}, onFailure="CLOSE_OTHERS")
    assert [each["number"] for each in closed["closedQuotes"]["nodes"]] == ["QUO-1"]
    assert [(each["code"], each["path"][-1]) for each in closed["failures"]] == [
        ("NOT_FOUND", "0"),
        ("NOT_FOUND", "2"),
    ]


@pytest.mark.parametrize("opportunity_id", [f"opp_{new_id()}", "opp_1", "", f"quo_{new_id()}"])
async def test_quotes_of_a_missing_opportunity_are_not_found(
    builder: OrganizationBuilder, opportunity_id: str
) -> None:
    assert await mutate_refused(builder, CLOSE_QUOTES, quotes={"ofOpportunity": opportunity_id}) == {
        "__typename": "NotFoundError",
        "code": "NOT_FOUND",
        "message": "There is no opportunity with this id. Check the id.",
        "path": ["input", "quotes", "ofOpportunity"],
    }


async def test_quotes_of_another_organizations_opportunity_are_not_found(
    builder: OrganizationBuilder,
) -> None:
    other = await OrganizationBuilder.create(builder.database)
    opportunity_id = await other.opportunity()
    await other.quote(opportunity_id)
    answers = [
        await mutate_refused(builder, CLOSE_QUOTES, quotes={"ofOpportunity": f"opp_{id_}"})
        for id_ in (opportunity_id, new_id())
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("input_", "code", "path"),
    [
        ({"quotes": {"ids": []}}, "NO_QUOTES", ["input", "quotes", "ids"]),
        (
            {"quotes": quote_ids(*(new_id() for _ in range(101)))},
            "TOO_MANY_QUOTES",
            ["input", "quotes", "ids"],
        ),
        (
            {"quotes": quote_ids(new_id()), "closedOn": "2026-11-24"},
            "CLOSED_ON_IN_FUTURE",
            ["input", "closedOn"],
        ),
        (
            {"quotes": quote_ids(new_id()), "description": "x" * 2001},
            "DESCRIPTION_TOO_LONG",
            ["input", "description"],
        ),
    ],
)
async def test_any_other_broken_rule_is_an_operation_error_with_its_code(
    builder: OrganizationBuilder, input_: dict[str, Any], code: str, path: list[str]
) -> None:
    error = await mutate_refused(builder, CLOSE_QUOTES, **input_)
    assert (error["__typename"], error["code"], error["path"]) == ("OperationError", code, path)


async def test_the_same_key_and_input_return_the_first_result(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    draft = await builder.quote(opportunity_id)
    closing = {
        "quotes": quote_ids(draft, new_id()),
        "onFailure": "CLOSE_OTHERS",
        "idempotencyKey": "a key",
    }
    first = await mutate(builder, CLOSE_QUOTES, **closing)
    assert (first["closedQuotes"]["totalCount"], len(first["failures"])) == (1, 1)
    assert await mutate_refused(builder, CLOSE_QUOTES, **closing) == first


async def test_mutations_of_one_document_run_in_order(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    document = """
    mutation ($id: ID!) {
      blocked: closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) { __typename }
      quotes: closeQuotes(input: {quotes: {ofOpportunity: $id}}) { __typename }
      closed: closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) { __typename }
      __typename
    }
    """
    data = await Client(builder.database, builder.caller).data(document, id=f"opp_{opportunity_id}")
    assert data == {
        "blocked": {"__typename": "ActiveQuotesError"},
        "quotes": {"__typename": "CloseQuotesSuccess"},
        "closed": {"__typename": "CloseOpportunitySuccess"},
        "__typename": "Mutation",
    }
