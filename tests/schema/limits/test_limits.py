"""Each limit permits its maximum and refuses one more, with the limit's name and value."""

import sqlite3
from typing import Any

import orjson
import pytest

from db.domain.caller import Role
from schema.execution.executor import Executor, Request
from schema.limits.introspection import LARGEST_QUERY
from schema.limits.settings import OperationLimits
from tests.schema.conftest import Readable
from tests.schema.support.client import Recorder, cached_schema

# Limits are checked before any statement is sent to the database.
pytestmark = pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)

PARSED, VALID, COSTLY = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "TOO_COSTLY"

LIMITS = [
    ("characters", 26, PARSED, "{ viewer { user { id } } }", "{ viewer { user { id } }  }"),
    ("tokens", 9, PARSED, "{ viewer { user { id } } }", "{ viewer { user { id name } } }"),
    ("depth", 3, VALID, "{ viewer { user { id } } }", "{ viewer { user { manager { id } } } }"),
    ("selections", 2, VALID, "{ viewer { user { id name } } }", "{ viewer { user { id name email } } }"),
    ("aliases", 1, VALID, "{ a: viewer { user { id } } }", "{ a: viewer { b: user { id } } }"),
    (
        "directives",
        1,
        VALID,
        "{ viewer @skip(if: false) { user { id } } }",
        "{ viewer @skip(if: false) { ... @skip(if: false) { user { id } } } }",
    ),
    ("root_fields", 1, VALID, "{ viewer { user { id } } }", "{ viewer { user { id } } __typename }"),
    ("mutations", 1, VALID, "mutation { __typename }", "mutation { __typename a: __typename }"),
    ("complexity", 61, COSTLY, "{ quotes { nodes { id } } }", "{ quotes { nodes { id name } } }"),
    ("cost", 4, COSTLY, "{ quotes(first: 2) { nodes { id } } }", "{ quotes(first: 3) { nodes { id } } }"),
]


async def respond(
    recorder: Recorder, readable: Readable, limits: OperationLimits, query: str, **variables: Any
) -> Any:
    executor = Executor(cached_schema(), recorder, limits=limits)
    return orjson.loads((await executor.execute(Request(query, variables), readable.ours.caller)).body)


@pytest.mark.parametrize(
    ("name", "most", "code", "meets", "exceeds"), LIMITS, ids=lambda each: str(each)[:12]
)
async def test_a_limit_permits_its_maximum_and_refuses_one_more(
    readable: Readable, recorder: Recorder, name: str, most: int, code: str, meets: str, exceeds: str
) -> None:
    limits = OperationLimits.model_validate({name: most})

    assert "errors" not in await respond(recorder, readable, limits, meets)
    recorder.statements.clear()
    refused = await respond(recorder, readable, limits, exceeds)

    [error] = refused["errors"]
    assert "data" not in refused
    assert error["extensions"] == {"code": code, "limit": {"name": name, "most": most, "asked": most + 1}}
    assert f"{name.replace('_', ' ')} {most + 1}, at most {most}. " in error["message"]
    assert recorder.statements == []


FRAGMENTS = (
    "{ viewer { user { ...A ...A } } } fragment A on User { manager { ...B } } fragment B on User { a: id }"
)


@pytest.mark.parametrize(("name", "asked_for"), [("depth", 4), ("aliases", 2)])
async def test_the_contents_of_a_fragment_count_at_each_spread(
    readable: Readable, recorder: Recorder, name: str, asked_for: int
) -> None:
    limits = OperationLimits.model_validate({name: 1})
    [error] = (await respond(recorder, readable, limits, FRAGMENTS))["errors"]
    assert error["extensions"]["limit"] == {"name": name, "most": 1, "asked": asked_for}


SIZES = """
query ($first: Int = 3, $ids: [ID!] = ["opp_1", "opp_2"], $last: Int) {
  opportunities(first: $first, last: $last) { nodes { quotes(first: 5) { edges { node { total { amount } } } } } }
  nodes(ids: $ids) { id }
}
"""


@pytest.mark.parametrize(
    ("variables", "cost"),
    [
        # The root, the list, and for each deal itself, its list, and for each quote an edge, a node, an amount.
        ({}, 1 + 1 + 3 * (1 + 1 + 5 * 3) + 2),
        ({"first": 10}, 1 + 1 + 10 * (1 + 1 + 5 * 3) + 2),
        ({"first": None, "last": 2}, 1 + 1 + 2 * (1 + 1 + 5 * 3) + 2),
        ({"first": None}, 1 + 1 + 20 * (1 + 1 + 5 * 3) + 2),
        ({"ids": ["opp_1"] * 7}, 1 + 1 + 3 * (1 + 1 + 5 * 3) + 7),
    ],
)
async def test_page_sizes_multiply_whether_literal_variable_or_default(
    readable: Readable, recorder: Recorder, variables: dict[str, Any], cost: int
) -> None:
    limits = OperationLimits(cost=1)
    [error] = (await respond(recorder, readable, limits, SIZES, **variables))["errors"]
    assert error["extensions"]["limit"] == {"name": "cost", "most": 1, "asked": cost}


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        # The root and two lists, and each row of the large page.
        ("{ a: quotes(first: -50) { nodes { id } } b: quotes(first: 100) { nodes { id } } }", 1 + 2 + 100),
        ("{ a: quotes(last: -50) { nodes { id } } b: quotes(last: 100) { nodes { id } } }", 1 + 2 + 100),
        (
            "query ($size: Int = -50) { a: quotes(first: $size) { nodes { id } } b: quotes(first: 100) { nodes { id } } }",
            1 + 2 + 100,
        ),
        # The root and the list, and for each opportunity itself and its list.
        ("{ opportunities(first: 9) { nodes { quotes(first: -50) { nodes { id } } } } }", 1 + 1 + 9 * 2),
    ],
)
async def test_a_negative_page_size_does_not_lower_the_cost(
    readable: Readable, recorder: Recorder, query: str, cost: int
) -> None:
    [error] = (await respond(recorder, readable, OperationLimits(cost=1), query))["errors"]
    assert error["extensions"]["limit"] == {"name": "cost", "most": 1, "asked": cost}


async def test_an_abstract_type_costs_its_most_expensive_member(
    readable: Readable, recorder: Recorder
) -> None:
    query = '{ node(id: "acc_1") { ... on Opportunity { quotes(first: 7) { nodes { id } } } } }'
    [error] = (await respond(recorder, readable, OperationLimits(cost=1), query))["errors"]
    assert error["extensions"]["limit"] == {"name": "cost", "most": 1, "asked": 1 + 1 + 1 + 7}


async def test_a_negative_page_size_in_a_variable_does_not_lower_the_cost(
    readable: Readable, recorder: Recorder
) -> None:
    query = "query ($size: Int) { a: quotes(first: $size) { nodes { id } } b: quotes(first: 100) { nodes { id } } }"
    [error] = (await respond(recorder, readable, OperationLimits(cost=102), query, size=-50))["errors"]
    assert error["extensions"]["limit"] == {"name": "cost", "most": 102, "asked": 103}
    assert recorder.statements == []


async def test_a_filter_costs_by_its_conditions_whether_literal_or_variable(
    readable: Readable, recorder: Recorder
) -> None:
    limits = OperationLimits(complexity=1)
    written = '{ quotes(filter: {and: [{name: {eq: "a"}}, {name: {eq: "b"}}]}) { totalCount } }'
    sent = "query ($filter: QuoteFilter) { quotes(filter: $filter) { totalCount } }"
    filter_ = {"and": [{"name": {"eq": "a"}}, {"name": {"eq": "b"}}]}

    [of_written] = (await respond(recorder, readable, limits, written))["errors"]
    [of_sent] = (await respond(recorder, readable, limits, sent, filter=filter_))["errors"]

    assert of_written["extensions"]["limit"]["asked"] == 50 + 20 + 5 * 4
    assert of_sent["extensions"] == of_written["extensions"]


async def test_a_role_factor_raises_the_limit(readable: Readable, recorder: Recorder) -> None:
    limits = OperationLimits(cost=2, role_factors={Role.ADMIN: 2})
    query = "{ quotes(first: 2) { nodes { id } } }"
    assert "errors" not in await respond(recorder, readable, limits, query)


async def test_the_standard_introspection_is_permitted_and_one_list_more_is_not(
    readable: Readable, recorder: Recorder
) -> None:
    limits = OperationLimits()
    more = LARGEST_QUERY.replace("queryType", "more: types { name } queryType", 1)

    assert "errors" not in await respond(recorder, readable, limits, LARGEST_QUERY)
    [error] = (await respond(recorder, readable, limits, more))["errors"]

    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["extensions"]["limit"]["name"] == "introspection"


@pytest.mark.parametrize(
    "query",
    [
        "query ($in: [String!]) { quotes(filter: {name: {in: $in}}) { totalCount } }",
        "query ($in: [String!] = %s) { quotes(filter: {name: {in: $in}}) { totalCount } }",
        "{ quotes(filter: {name: {in: %s}}) { totalCount } }",
        "{ quotes { totalCount } ...More } fragment More on Query { more: quotes(filter: {not: {name: {in: %s}}}) { totalCount } }",
    ],
)
async def test_lists_have_a_maximum_length(readable: Readable, recorder: Recorder, query: str) -> None:
    async def execute(*names: str) -> Any:
        written = query.replace("%s", orjson.dumps(names).decode())
        variables = {"in": [*names]} if "%s" not in query else {}
        return await respond(recorder, readable, OperationLimits(list_items=2), written, **variables)

    assert "errors" not in await execute("a", "b")
    [error] = (await execute("a", "b", "c"))["errors"]

    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "limit": {"name": "list_items", "most": 2, "asked": 3},
    }


NESTED_LISTS = [
    "{and: [{name: {in: %s}}]}",
    '{and: [{name: {eq: "a"}}, {name: {in: %s}}]}',
    "{or: [{and: [{not: {or: [{name: {in: %s}}]}}]}]}",
    '{and: [{name: {in: ["a", "b"]}}, {name: {in: %s}}]}',
]


@pytest.mark.parametrize("filter_", NESTED_LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "{ quotes(filter: %s) { totalCount } }",
        "{ ...All } fragment All on Query { quotes(filter: %s) { totalCount } }",
        "query ($filter: QuoteFilter = %s) { quotes(filter: $filter) { totalCount } }",
    ],
)
async def test_each_list_within_a_list_has_the_same_limit(
    readable: Readable, recorder: Recorder, query: str, filter_: str
) -> None:
    limits = OperationLimits(list_items=2)
    meets, exceeds = (
        query.replace("%s", filter_.replace("%s", names)) for names in ('["a", "b"]', '["a", "b", "c"]')
    )

    assert "errors" not in await respond(recorder, readable, limits, meets)
    recorder.statements.clear()
    [error] = (await respond(recorder, readable, limits, exceeds))["errors"]

    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "limit": {"name": "list_items", "most": 2, "asked": 3},
    }
    assert recorder.statements == []


@pytest.mark.parametrize(
    "filter_",
    [
        {"and": [{"name": {"in": ["a", "b", "c"]}}]},
        {"or": [{"not": {"and": [{"name": {"eq": "a"}}, {"name": {"in": ["a", "b", "c"]}}]}}]},
    ],
)
async def test_each_list_within_a_list_in_a_variable_has_the_same_limit(
    readable: Readable, recorder: Recorder, filter_: dict[str, Any]
) -> None:
    query = "query ($filter: QuoteFilter) { quotes(filter: $filter) { totalCount } }"
    assert "errors" not in await respond(
        recorder, readable, OperationLimits(list_items=3), query, filter=filter_
    )
    recorder.statements.clear()
    [error] = (await respond(recorder, readable, OperationLimits(list_items=2), query, filter=filter_))[
        "errors"
    ]
    assert error["extensions"]["limit"] == {"name": "list_items", "most": 2, "asked": 3}
    assert recorder.statements == []


async def test_a_list_directly_in_a_list_has_the_same_limit(readable: Readable, recorder: Recorder) -> None:
    query = '{ quotes(filter: {name: {in: [["a", "b", "c"]]}}) { totalCount } }'
    [error] = (await respond(recorder, readable, OperationLimits(list_items=2), query))["errors"]
    assert error["extensions"]["limit"] == {"name": "list_items", "most": 2, "asked": 3}


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\udfffb"])
async def test_text_that_cannot_be_stored_is_refused(
    readable: Readable, recorder: Recorder, text: str
) -> None:
    query = "query ($name: String) { quotes(filter: {name: {eq: $name}}) { totalCount } }"
    [error] = (await respond(recorder, readable, OperationLimits(), query, name=text))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert recorder.statements == []


@pytest.mark.parametrize("levels", [1, 7])
async def test_a_statement_too_complex_for_the_database_is_refused(
    readable: Readable, recorder: Recorder, levels: int
) -> None:
    limits = OperationLimits(depth=50)
    deep = "opportunities(first: 1) { nodes { account { " * levels + "id" + " } } }" * levels
    takes_all = sqlite3.sqlite_version_info >= (3, 46)  # those before take a hundred open tokens

    answer = await respond(recorder, readable, limits, f"{{ {deep} }}")

    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert codes == ([] if takes_all or levels == 1 else ["BAD_USER_INPUT"])
