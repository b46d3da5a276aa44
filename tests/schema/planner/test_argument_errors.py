"""Every field with an argument that can't be used is reported, with its own path and location."""

from typing import Any

import pytest

from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.conftest import Readable
from tests.schema.support.client import Client, Recorder

NO_ID = "opp_0190c2f4-7c2e-7b1a-8c1d-3f2a9e4d5b6c"
NESTED = """
query ($size: Int!, $id: ID!, $cursor: String, $name: StringFilter) {
  opportunity(id: $id) {
    constant: quotes(first: 101) { totalCount }
    variable: quotes(first: $size) { totalCount nodes { id } }
    ...Parts
  }
  opportunities {
    nodes { account { opportunities(after: $cursor) { nodes { quotes(filter: {name: $name}) { nodes { id } } } } } }
  }
  viewer { user { name } }
}
fragment Parts on Opportunity {
  history(first: 1, last: 1) { nodes { id ... on QuoteHistoryEntry { quote { lines(last: -1) { nodes { id } } } } } }
}
"""
WRONG: dict[str, Any] = {"size": -2, "id": NO_ID, "cursor": "x", "name": {"eq": None}}
PATHS = [
    ["opportunities", "nodes", "account", "opportunities"],
    ["opportunities", "nodes", "account", "opportunities", "nodes", "quotes"],
    ["opportunity", "constant"],
    ["opportunity", "history"],
    ["opportunity", "variable"],
]


def reported(answer: Any) -> list[Any]:
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    return [error["path"] for error in answer["errors"]]


@pytest.mark.parametrize("introspection", ["", "__schema { queryType { name } }"])
async def test_every_nested_field_has_its_path_and_location(readable: Readable, introspection: str) -> None:
    recorder = Recorder(readable.database)
    document = NESTED.replace("viewer {", introspection + " viewer {")
    answer = await Client(recorder, readable.ours.caller).execute(document, WRONG)
    assert sorted(reported(answer)) == PATHS
    locations = {tuple(error["path"]): error["locations"] for error in answer["errors"]}
    assert locations["opportunity", "constant"] == [{"line": 4, "column": 5}]
    assert locations["opportunity", "history"] == [{"line": 14, "column": 3}]
    assert answer["data"] is None


async def test_variables_are_reported_together(readable: Readable) -> None:
    document = """
    query ($size: Int!, $amount: Decimal, $id: ID!) {
      opportunity(id: $id) {
        a: quotes(first: $size) { nodes { id } totalCount }
        b: quotes(filter: {total: {gt: $amount}}) { nodes { lines(last: $size) { nodes { id } } } }
      }
      quotes(last: $size) { nodes { id } }
      viewer { user { name } }
    }"""
    answer = await Client(readable.database, readable.ours.caller).execute(
        document, {"size": 101, "amount": "0.001", "id": "harbour"}
    )
    assert sorted(reported(answer)) == [
        ["opportunity"],
        ["opportunity", "a"],
        ["opportunity", "b"],
        ["opportunity", "b", "nodes", "lines"],
        ["quotes"],
    ]
    locations = {tuple(error["path"]): error["locations"] for error in answer["errors"]}
    assert locations["opportunity", "b", "nodes", "lines"] == [{"line": 5, "column": 61}]


async def test_fields_that_are_right_are_answered(readable: Readable) -> None:
    document = """{
      opportunity(id: "opp_01900001-0006-7000-8000-000000000001") { quotes(first: -1) { totalCount } }
      viewer { user { __typename } }
    }"""
    answer = await Client(readable.database, readable.ours.caller).execute(document)
    assert reported(answer) == [["opportunity", "quotes"]]
    assert answer["data"] == {"opportunity": None, "viewer": {"user": {"__typename": "User"}}}


@pytest.mark.parametrize("size", ["101", "$size"])
async def test_a_mutation_with_a_wrong_nested_argument_changes_nothing(
    builder: OrganizationBuilder, size: str
) -> None:
    document = f"""
    mutation ($input: CreateAccountInput!{", $size: Int!" if size == "$size" else ""}) {{
      created: createAccount(input: $input) {{
        ... on CreateAccountSuccess {{ account {{
          opportunities(first: {size}) {{ totalCount nodes {{ quotes(last: {size}) {{ totalCount nodes {{ id }} }} }} }}
        }} }}
      }}
    }}"""
    before = await builder.dump()
    variables = {"input": {"name": f"Blue Harbour {new_id()}"}} | ({"size": 101} if size == "$size" else {})
    answer = await Client(builder.database, builder.caller).execute(document, variables)
    paths = [
        ["created", "account", "opportunities"],
        ["created", "account", "opportunities", "nodes", "quotes"],
    ]
    assert reported(answer) == (paths if size == "$size" else paths[:1])
    assert answer["errors"][0]["locations"] == [{"line": 5, "column": 11}]
    assert await builder.dump() == before
