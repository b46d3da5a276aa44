"""Requests that can't be executed are refused with a code, before any statement is sent to the database."""

from typing import Any

import pytest

from tests.schema.conftest import Readable
from tests.schema.support.client import Client, Recorder

DOCUMENTS = {
    "{": "GRAPHQL_PARSE_FAILED",
    "": "GRAPHQL_PARSE_FAILED",
    "{ nothing }": "GRAPHQL_VALIDATION_FAILED",
    "{ opportunities }": "GRAPHQL_VALIDATION_FAILED",
    "{ node { id } }": "GRAPHQL_VALIDATION_FAILED",
    "{ opportunities(last: TWO) { totalCount } }": "GRAPHQL_VALIDATION_FAILED",
    '{ quotes(filter: {effectiveTo: {eq: "1.4.2026"}}) { totalCount } }': "GRAPHQL_VALIDATION_FAILED",
    '{ quotes(filter: {total: {eq: "NaN"}}) { totalCount } }': "GRAPHQL_VALIDATION_FAILED",
    "mutation { closeQuotes(input: {quotes: {}}) { __typename } }": "GRAPHQL_VALIDATION_FAILED",
    'mutation { closeQuotes(input: {quotes: {ids: [], ofOpportunity: "a"}}) { __typename } }': (
        "GRAPHQL_VALIDATION_FAILED"
    ),
    "query A { __typename } query B { __typename }": "OPERATION_RESOLUTION_FAILURE",
    '{ quotes(filter: {name: {eq: "\\u0000"}}) { totalCount } }': "BAD_USER_INPUT",
}

VARIABLES = """
query (
  $first: Int!, $id: ID, $text: String, $yes: Boolean = true
  $day: Date, $at: DateTime, $amount: Decimal, $filter: OpportunityFilter, $order: [OpportunityOrder!]
) {
  opportunities(first: $first, orderBy: $order, filter: {and: [{
    id: {eq: $id}, name: {eq: $text}, closedOn: {eq: $day, isNull: $yes}
    createdAt: {gt: $at}, actualRevenue: {lt: $amount}, not: $filter
  }]}) { totalCount }
}
"""
BAD_VALUES: list[tuple[str, Any]] = [
    ("first", None),
    ("first", "1"),
    ("first", 1.5),
    ("first", 2**31),
    ("first", [1]),
    ("id", 1.5),
    ("id", ["opp_1"]),
    ("text", 1),
    ("text", {"eq": "1"}),
    ("text", "\0"),
    ("yes", "true"),
    ("yes", 1),
    *(("day", value) for value in ("2026-02-30", "20260228", "2026-03-01T00:00:00Z", "", 20260301)),
    *(("day", value) for value in ("2026-W52-6", "\u0662\u0660\u0662\u0666-\u0660\u0663-\u0660\u0661")),
    *(("at", value) for value in ("2026-03-01", "2026-03-01T00:00:00", "2026-03-01T25:00:00Z", 0)),
    *(
        ("at", value)
        for value in ("2026-03-01T24:00:00Z", "2026-03-01T00:00:00.\u0665Z", "0001-01-01T00:00:00+01:00")
    ),
    *(("amount", value) for value in ("", "1,5", "Infinity", "1" * 41, True, {"eq": "1"})),
    *(("amount", value) for value in ("1_000", "\u0661\u0662\u0663", " 5 ", "5\n", "1e99999999999999999999")),
    ("filter", []),
    ("filter", {"nothing": 1}),
    ("filter", {"state": {"in": ["OPENED"]}}),
    ("filter", {"state": {"in": [None]}}),
    ("order", {"direction": "ASC"}),
    ("order", [None]),
    ("order", "NAME"),
]


@pytest.mark.parametrize(("document", "code"), DOCUMENTS.items())
async def test_a_document_that_cannot_be_executed_is_refused(
    readable: Readable, recorder: Recorder, document: str, code: str
) -> None:
    answer = await Client(recorder, readable.ours.caller).execute(document)
    assert answer.keys() == {"errors"}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    assert recorder.statements == []


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
async def test_a_variable_of_the_wrong_type_is_refused(
    readable: Readable, recorder: Recorder, name: str, value: Any
) -> None:
    answer = await Client(recorder, readable.ours.caller).execute(VARIABLES, {"first": 1, name: value})
    assert answer.keys() == {"errors"}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert recorder.statements == []


async def test_a_missing_variable_is_refused(readable: Readable, recorder: Recorder) -> None:
    answer = await Client(recorder, readable.ours.caller).execute(VARIABLES)
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert recorder.statements == []


@pytest.mark.parametrize("name", ["A", "B"])
async def test_the_operation_is_selected_by_its_name(readable: Readable, name: str) -> None:
    document = "query A { which: __typename } query B { which: __typename }"
    answer = await Client(readable.database, readable.ours.caller).execute(document, operation_name=name)
    assert answer == {"data": {"which": "Query"}}


async def test_a_variable_that_makes_an_argument_null_fails_only_its_field(readable: Readable) -> None:
    document = """
    query ($id: ID = "opp_01900001-0006-7000-8000-000000000001") { opportunity(id: $id) { id } viewer { __typename } }
    """
    answer = await Client(readable.database, readable.ours.caller).execute(document, {"id": None})
    assert answer["data"] == {"opportunity": None, "viewer": {"__typename": "Viewer"}}
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]) == (["opportunity"], {"code": "BAD_USER_INPUT"})


async def test_a_variable_that_makes_an_argument_null_fails_a_mutation(readable: Readable) -> None:
    document = """
    mutation ($reason: QuoteCloseReason = LOST) {
      closeQuotes(input: {quotes: {ids: ["quo_1"]}, reason: $reason}) { __typename }
    }
    """
    answer = await Client(readable.database, readable.ours.caller).execute(document, {"reason": None})
    assert answer["data"] is None
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]) == (["closeQuotes"], {"code": "BAD_USER_INPUT"})
