"""No response shows or counts objects of another organization; its ids are like missing ones."""

from pathlib import Path
from typing import Any

import pytest
from graphql import get_named_type

from db import models
from schema.planner.global_ids import encode_id
from schema.planner.plan.catalog import TableType
from tests.schema.conftest import Readable
from tests.schema.planner.golden_answers import DOCUMENTS, answers, stored
from tests.schema.planner.random_inputs import node_type
from tests.schema.support.client import Client, cached_schema
from tests.schema.support.organization_data import OrganizationData, twin_of

THEIRS = "01900002-"
"""The prefix of every UUID of the other organization."""


def root_lists() -> dict[str, str]:
    query: Any = cached_schema().graphql.query_type
    return {name: node_type(field) for name, field in query.fields.items() if "first" in field.args}


def filters_by_id() -> list[tuple[str, str]]:
    """Return the root lists with each of their filter fields that take ids."""
    types: Any = cached_schema().graphql.type_map
    return [
        (field, name)
        for field, rows in root_lists().items()
        for name, filter_field in types[f"{rows}Filter"].fields.items()
        if get_named_type(filter_field.type).name == "IDFilter"
    ]


def tables() -> list[TableType]:
    return list(cached_schema().catalog.tables.values())


@pytest.fixture
def client(readable: Readable) -> Client:
    return Client(readable.database, readable.ours.caller)


@pytest.mark.parametrize(("field", "rows"), root_lists().items())
async def test_a_list_counts_and_returns_only_the_organizations_rows(
    readable: Readable, client: Client, field: str, rows: str
) -> None:
    answer = await client.data(f"{{ {field}(first: 100) {{ totalCount nodes {{ id }} }} }}")
    table = cached_schema().catalog.tables[rows]
    own = {encode_id(table.prefix, id_) for id_ in readable.ours.ids(table.model)}
    assert readable.theirs.ids(table.model) != []
    assert answer[field]["totalCount"] == len(own)
    assert {node["id"] for node in answer[field]["nodes"]} <= own


@pytest.mark.parametrize("mixed", ["", "__schema { __typename }"], ids=["passed", "by graphql-core"])
@pytest.mark.parametrize("table", tables(), ids=lambda table: table.type_name)
async def test_no_object_of_another_organization_is_found_by_its_id(
    readable: Readable, client: Client, table: TableType, mixed: str
) -> None:
    theirs = [encode_id(table.prefix, id_) for id_ in readable.theirs.ids(table.model)[:20]]
    query = f"query($id: ID!, $ids: [ID!]!) {{ {mixed} node(id: $id) {{ id }} nodes(ids: $ids) {{ id }} }}"
    answer = await client.data(query, id=theirs[0], ids=theirs)
    assert (answer["node"], answer["nodes"]) == (None, [None] * len(theirs))


async def test_no_object_of_another_organization_is_found_by_a_lookup(
    readable: Readable, client: Client
) -> None:
    [opportunity_id, *_] = readable.theirs.ids(models.Opportunity)
    [quote_id, *_] = readable.theirs.ids(models.Quote)
    query = "query($opportunity: ID!, $quote: ID!) { opportunity(id: $opportunity) { id } quote(id: $quote) { id } }"
    found = await client.data(query, opportunity=f"opp_{opportunity_id}", quote=f"quo_{quote_id}")
    assert found == {"opportunity": None, "quote": None}


@pytest.mark.parametrize(("field", "name"), filters_by_id())
async def test_a_filter_by_foreign_ids_matches_nothing(
    readable: Readable, client: Client, field: str, name: str
) -> None:
    catalog = cached_schema().catalog
    model = catalog.comparisons[f"{root_lists()[field]}Filter"][name].references
    assert model is not None
    theirs = [encode_id(catalog.prefix(model), id_) for id_ in readable.theirs.ids(model)]
    rows = root_lists()[field]
    query = f"query($filter: {rows}Filter) {{ {field}(filter: $filter) {{ totalCount nodes {{ id }} }} }}"
    for comparator in ({"eq": theirs[0]}, {"in": theirs}):
        answer = await client.data(query, filter={name: comparator})
        assert answer == {field: {"totalCount": 0, "nodes": []}}


@pytest.mark.parametrize("field", root_lists())
async def test_cursors_of_another_organization_return_only_own_rows(
    readable: Readable, client: Client, field: str
) -> None:
    neighbour = Client(readable.database, readable.theirs.caller)
    page = await neighbour.data(f"{{ {field}(last: 100) {{ pageInfo {{ startCursor endCursor }} }} }}")
    cursors = page[field]["pageInfo"]
    query = f"""query($start: String, $end: String) {{
        after: {field}(after: $start) {{ nodes {{ id }} }}
        before: {field}(last: 20, before: $end) {{ nodes {{ id }} }}
    }}"""
    answer = await client.body(query, {"start": cursors["startCursor"], "end": cursors["endCursor"]})
    assert THEIRS.encode() not in answer
    assert b"01900001-" in answer


@pytest.fixture(scope="module")
async def twin(readable: Readable) -> OrganizationData:
    twin = twin_of(readable.ours)
    await twin.store(readable.database)
    return twin


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.stem)
@pytest.mark.usefixtures("twin")
async def test_responses_do_not_change_next_to_an_organization_with_the_same_ids(
    client: Client, document: Path
) -> None:
    assert await answers(client, document) == stored(document)


async def test_each_of_two_organizations_with_the_same_ids_sees_its_own(
    readable: Readable, twin: OrganizationData
) -> None:
    query = '{ node(id: "cmp_01900001-0004-7000-8000-000000000001") { ... on Competitor { name } } }'
    ours = await Client(readable.database, readable.ours.caller).data(query)
    theirs = await Client(readable.database, twin.caller).data(query)
    assert theirs["node"]["name"] == f"theirs {ours['node']['name']}"
