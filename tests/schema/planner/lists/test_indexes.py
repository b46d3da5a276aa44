"""Every order of the long lists has an index, from which pages at the start and at a cursor are read."""

from dataclasses import dataclass
from typing import Any

import pytest

from db.sql.database import Database
from tests.schema.planner.lists.explain import Access, accesses, analyze
from tests.schema.planner.lists.list_data import ListBuilder
from tests.schema.support.client import PlannedClient, Recorder, cached_schema

ROWS = 3000

NUMBERS = {"sqlite": "sqlite_autoindex_quote_2", "postgresql": "quote_number"}
"""The unique index of quotes by number and revision."""


@dataclass(frozen=True, slots=True)
class Lists:
    """A builder that has stored long lists, and the URL of its database."""

    builder: ListBuilder
    url: str


@pytest.fixture(scope="module")
async def lists(module_database: Database, module_database_url: str) -> Lists:
    builder = await ListBuilder.create(module_database)
    await builder.add("opportunities", ROWS)
    await builder.add("quotes", ROWS)
    await analyze(module_database_url)
    return Lists(builder, module_database_url)


def orders(rows: str) -> list[str]:
    fields: Any = cached_schema().graphql.type_map[f"{rows}OrderField"]
    return list(fields.values)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", orders("Opportunity"))
async def test_opportunities_are_read_from_the_index_of_their_order(
    lists: Lists, field: str, direction: str
) -> None:
    index = f"opportunity_by_{field.lower()}"
    await check_pages(lists, "opportunities", f"{{field: {field}, direction: {direction}}}", index)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", orders("Quote"))
async def test_quotes_are_read_from_the_index_of_their_order(
    lists: Lists, field: str, direction: str
) -> None:
    dialect = lists.builder.builder.database.dialect.name
    index = NUMBERS[dialect] if field == "NUMBER" else f"quote_by_{field.lower()}"
    await check_pages(lists, "quotes", f"{{field: {field}, direction: {direction}}}", index)


async def check_pages(lists: Lists, field: str, order: str, index: str) -> None:
    recorder = Recorder(lists.builder.builder.database)
    client = PlannedClient(recorder, lists.builder.builder.caller)
    query = f"query($after: String) {{ {field}(orderBy: {order}, after: $after) {{ edges {{ cursor }} }} }}"

    edges = (await client.data(query))[field]["edges"]
    assert set(await last_accesses(lists, recorder)) == {Access(index, is_bounded=False, is_sorted=False)}
    await client.data(query, after=edges[-1]["cursor"])
    assert set(await last_accesses(lists, recorder)) == {Access(index, is_bounded=True, is_sorted=False)}


async def last_accesses(lists: Lists, recorder: Recorder) -> list[Access]:
    statement, values = recorder.statements[-1]
    return await accesses(lists.url, statement.compiled(recorder.dialect), values)
