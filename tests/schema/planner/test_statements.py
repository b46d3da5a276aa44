import pytest

from tests.schema.conftest import Readable
from tests.schema.planner.lists.explain import columns_read
from tests.schema.support.client import Client, PlannedClient, Recorder

DEALS = """
    opportunities(first: 5) {
      totalCount
      pageInfo { endCursor }
      nodes {
        account { name }
        closes { nodes { competitor { name } } }
        quotes(first: $quotes) { totalCount nodes { number lines { edges { cursor node { name } } } } }
      }
    }
"""
QUOTES = "quotes(last: 5) { nodes { opportunity { owner { opportunities { totalCount } } } lines { totalCount } } }"
NODES = 'nodes(ids: ["opp_01900001-0006-7000-8000-000000000001"]) { ... on Opportunity { quotes { totalCount } } }'
HEAD = "query($quotes: Int = 3)"


@pytest.mark.parametrize("fields", [DEALS, DEALS + QUOTES, DEALS + QUOTES + NODES])
async def test_an_operation_is_answered_by_one_statement(
    readable: Readable, recorder: Recorder, fields: str
) -> None:
    await PlannedClient(recorder, readable.ours.caller).data(f"{HEAD} {{ {fields} }}")
    assert len(recorder.statements) == 1


@pytest.mark.parametrize(("fields", "roots"), [(DEALS, 1), (DEALS + QUOTES, 2), (DEALS + QUOTES + NODES, 3)])
async def test_graphql_core_runs_one_statement_for_each_root_field(
    readable: Readable, recorder: Recorder, fields: str, roots: int
) -> None:
    await Client(recorder, readable.ours.caller).data(f"{HEAD} {{ __schema {{ __typename }} {fields} }}")
    assert len(recorder.statements) == roots


async def test_other_values_of_variables_run_the_same_statement(
    readable: Readable, recorder: Recorder
) -> None:
    client = PlannedClient(recorder, readable.ours.caller)
    for quotes in (0, 1, 100):
        await client.data(f"{HEAD} {{ {DEALS} }}", quotes=quotes)
    [first, second, third] = [statement for statement, _ in recorder.statements]
    assert first is second is third


async def test_variables_of_another_shape_run_another_statement(
    readable: Readable, recorder: Recorder
) -> None:
    client = PlannedClient(recorder, readable.ours.caller)
    query = "query($filter: OpportunityFilter) { opportunities(filter: $filter) { totalCount } }"
    counts = [
        (await client.data(query, filter=filter_))["opportunities"]["totalCount"]
        for filter_ in (None, {"state": {"eq": "WON"}}, {"actualRevenue": {"isNull": False}})
    ]
    assert counts == [48, 10, 17]
    assert len({id(statement) for statement, _ in recorder.statements}) == 3


async def test_an_operation_with_bad_input_runs_no_statement(readable: Readable, recorder: Recorder) -> None:
    answer = await Client(recorder, readable.ours.caller).execute(
        "{ opportunities(first: 101) { totalCount } }"
    )
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert recorder.statements == []


async def test_a_selection_can_have_1500_fields(readable: Readable, recorder: Recorder) -> None:
    fields = " ".join(f"name{number}: name" for number in range(1500))
    client = PlannedClient(recorder, readable.ours.caller)
    viewer = (await client.data(f"{{ viewer {{ user {{ {fields} }} }} }}"))["viewer"]
    assert viewer["user"] == {f"name{number}": "Harbour crane" for number in range(1500)}
    assert len(recorder.statements) == 1


@pytest.mark.parametrize("size", ["first: 2", "last: 2"])
@pytest.mark.parametrize("page_info", ["", "pageInfo { hasNextPage endCursor }"])
async def test_a_page_reads_only_the_columns_that_its_response_needs(
    readable: Readable, recorder: Recorder, module_database_url: str, size: str, page_info: str
) -> None:
    query = f"{{ opportunities({size}) {{ nodes {{ name quotes {{ nodes {{ number }} }} }} {page_info} }} }}"
    answer = await PlannedClient(recorder, readable.ours.caller).data(query)
    assert len(answer["opportunities"]["nodes"]) == 2

    statement, values = recorder.statements[0]
    columns = await columns_read(module_database_url, statement.compiled(recorder.dialect), values)
    conditions = {"opportunity.organization_id", "quote.organization_id", "quote.opportunity_id"}
    shown, sorted_by = {"opportunity.name", "quote.number"}, {"opportunity.created_at", "quote.revision"}
    assert columns - conditions == {*shown, *sorted_by, "opportunity.id"}
