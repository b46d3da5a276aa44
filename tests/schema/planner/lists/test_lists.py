"""Pages of lists are those that plain Python computes from the same rows."""

import random
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from uuid import UUID

import pytest

from db import models
from db.domain.validation import MAX_DATE
from schema.planner.global_ids import split_id
from tests.builders import OrganizationBuilder
from tests.schema.conftest import Readable
from tests.schema.planner.argument_values import gather
from tests.schema.planner.lists.expected_list import ExpectedList
from tests.schema.planner.random_inputs import Inputs
from tests.schema.support.client import PlannedClient, cached_schema

PAGES = 150
SIZES = (0, 1, 2, 7, 50, 100)

LISTS: dict[str, tuple[Any, str, dict[str, str]]] = {
    "opportunities": (models.Opportunity, "Opportunity", {"field": "CREATED_AT", "direction": "DESC"}),
    "quotes": (models.Quote, "Quote", {"field": "NUMBER", "direction": "ASC"}),
}


@pytest.mark.parametrize("field", LISTS)
async def test_a_page_has_the_expected_rows_count_and_flags(readable: Readable, field: str) -> None:
    seed = random.getrandbits(32)
    expected = expected_list(readable, field)
    client = PlannedClient(readable.database, readable.ours.caller)
    generator = ArgumentGenerator(Inputs(Random(seed), await gather(readable, Random(seed))), field)
    row_ids = await generator.row_ids(client)
    for _ in range(PAGES):
        arguments = generator.arguments()
        assert await page(client, field, arguments) == expected.page(arguments, row_ids), (seed, arguments)


async def test_a_filter_on_the_wrong_column_is_detected(readable: Readable) -> None:
    right = cached_schema()
    filters = right.catalog.comparisons
    wrong = {**filters["OpportunityFilter"], "closedOn": filters["OpportunityFilter"]["estimatedCloseDate"]}
    catalog = replace(right.catalog, comparisons={**filters, "OpportunityFilter": wrong})
    client = PlannedClient(readable.database, readable.ours.caller, replace(right, catalog=catalog))
    arguments = {"filter": {"closedOn": {"isNull": True}}}
    expected = expected_list(readable, "opportunities").page(arguments, {})
    assert await page(client, "opportunities", arguments) != expected


def expected_list(readable: Readable, field: str) -> ExpectedList:
    model, rows, default_order = LISTS[field]
    filter_type: Any = cached_schema().graphql.type_map[f"{rows}Filter"]
    return ExpectedList(readable.ours.rows[model], filter_type, [default_order])


async def page(client: PlannedClient, field: str, arguments: dict[str, Any]) -> dict[str, Any]:
    answer = await client.data(document(field), **arguments)
    found = answer["page"]
    return {
        "ids": [split_id(node["id"])[1] for node in found["nodes"]],
        "totalCount": found["totalCount"],
        **found["pageInfo"],
    }


def document(field: str) -> str:
    rows = LISTS[field][1]
    return f"""
        query(
          $filter: {rows}Filter, $orderBy: [{rows}Order!]
          $first: Int, $after: String, $last: Int, $before: String
        ) {{
          page: {field}(
            filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before
          ) {{
            totalCount
            pageInfo {{ hasNextPage hasPreviousPage }}
            nodes {{ id }}
          }}
        }}"""


@dataclass(frozen=True, slots=True)
class ArgumentGenerator:
    """Generates the arguments of one list."""

    inputs: Inputs
    field: str

    @property
    def orders(self) -> Any:
        return self.inputs.material.cursors[LISTS[self.field][1]]

    async def row_ids(self, client: PlannedClient) -> dict[str, UUID]:
        """Return the id of each cursor's row."""
        rows = LISTS[self.field][1]
        query = f"""
            query($order: [{rows}Order!]) {{
              {self.field}(first: 100, orderBy: $order) {{ edges {{ cursor node {{ id }} }} }}
            }}"""
        pages = [await client.data(query, order=order) for order, _ in self.orders]
        edges = [edge for each in pages for edge in each[self.field]["edges"]]
        return {edge["cursor"]: split_id(edge["node"]["id"])[1] for edge in edges}

    def arguments(self) -> dict[str, Any]:
        random_ = self.inputs.random
        order, cursors = random_.choice(self.orders)
        arguments: dict[str, Any] = {random_.choice(("first", "last")): random_.choice(SIZES)}
        if order is not None:
            arguments["orderBy"] = order
        for name in ("after", "before"):
            if self.inputs.chance(0.3):
                arguments[name] = random_.choice(cursors)
        if self.inputs.chance(0.7):
            type_ = cached_schema().graphql.type_map[f"{LISTS[self.field][1]}Filter"]
            arguments["filter"] = self.inputs.drawn(type_, (), vary=False)
        return arguments


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_a_missing_date_sorts_after_the_last_one_that_is_stored(
    builder: OrganizationBuilder, direction: str
) -> None:
    dates = {
        await builder.opportunity(estimated_close_date=day): day for day in (None, MAX_DATE, None, MAX_DATE)
    }
    order = [{"field": "ESTIMATED_CLOSE_DATE", "direction": direction}]
    client = PlannedClient(builder.database, builder.caller)
    found = await page(client, "opportunities", {"orderBy": order})
    expected = [MAX_DATE, MAX_DATE, None, None]
    assert [dates[id_] for id_ in found["ids"]] == (expected if direction == "ASC" else expected[::-1])
