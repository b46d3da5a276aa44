"""Paging through lists while rows are added and moved, and invalid pages and cursors."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from itertools import count, cycle
from typing import Any
from uuid import UUID

import pytest

from db.sql.database import Database
from schema.planner.global_ids import split_id
from schema.planner.lists.cursors import ListOrder as CursorOrder
from schema.planner.lists.ordering import OrderTerm
from tests.schema.conftest import Readable
from tests.schema.planner.lists.list_data import ListBuilder
from tests.schema.support.client import Client, PlannedClient, cached_schema

Order = list[dict[str, str]]

ROWS = 120
SIZE = 17

LISTS = {"opportunities": "Opportunity", "quotes": "Quote"}
QUERIES = {
    field: f"""
        query($orderBy: [{rows}Order!], $first: Int, $after: String, $last: Int, $before: String) {{
          page: {field}(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {{
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
            nodes {{ id }}
          }}
        }}"""
    for field, rows in LISTS.items()
}


FORGERIES: dict[str, Callable[[list[Any]], str]] = {
    "not hexadecimal": lambda _: "quo",
    "not UTF-8": lambda _: "ff",
    "not JSON": lambda _: b"[".hex(),
    "deep JSON": lambda _: (b"[" * 1000).hex(),
    "not a list": lambda _: b"7".hex(),
    "empty": lambda _: "",
    "another fingerprint": lambda parts: encoded(["00000000", *parts[1:]]),
    "too few parts": lambda parts: encoded(parts[:-1]),
    "too many parts": lambda parts: encoded([*parts, "0.00"]),
    "a number": lambda parts: encoded([parts[0], 1, parts[2]]),
    "not a number": lambda parts: encoded([parts[0], "NaN", parts[2]]),
    "a long number": lambda parts: encoded([parts[0], "1" * 14 + ".00", parts[2]]),
    "a precise number": lambda parts: encoded([parts[0], "0.001", parts[2]]),
    "not an id": lambda parts: encoded([*parts[:2], "quo"]),
    "an id of another type": lambda parts: encoded([*parts[:2], 7]),
    "null": lambda parts: encoded([*parts[:2], None]),
}


def encoded(parts: list[Any]) -> str:
    return json.dumps(parts).encode().hex()


def orders(rows: str) -> list[Order]:
    """Return every order of a list by one field, and one by all fields with alternating directions."""
    fields: Any = cached_schema().graphql.type_map[f"{rows}OrderField"]
    single = [
        [{"field": field, "direction": direction}] for field in fields.values for direction in ("ASC", "DESC")
    ]
    alternating = zip(fields.values, cycle(("DESC", "ASC")), strict=False)
    return [*single, [{"field": field, "direction": direction} for field, direction in alternating]]


def name(order: Order | str) -> str:
    if isinstance(order, str):
        return order
    return ", ".join(f"{each['field']} {each['direction']}" for each in order)


@pytest.mark.parametrize("order", orders("Opportunity"), ids=name)
async def test_unchanged_opportunities_are_found_once_while_others_are_added_and_moved(
    module_database: Database, order: Order
) -> None:
    await page_both_ways(await ListBuilder.create(module_database), "opportunities", order)


@pytest.mark.parametrize("order", orders("Quote"), ids=name)
async def test_unchanged_quotes_are_found_once_while_others_are_added_and_moved(
    module_database: Database, order: Order
) -> None:
    await page_both_ways(await ListBuilder.create(module_database), "quotes", order)


@pytest.mark.long
@pytest.mark.parametrize(
    ("field", "order"),
    [(field, order) for field, rows in LISTS.items() for order in orders(rows)],
    ids=name,
)
async def test_ten_thousand_rows_are_paged_in_every_order_while_others_are_added_and_moved(
    module_database: Database, field: str, order: Order
) -> None:
    await page_both_ways(await ListBuilder.create(module_database), field, order, rows=10_000, size=100)


async def page_both_ways(
    builder: ListBuilder, field: str, order: Order, *, rows: int = ROWS, size: int = SIZE
) -> None:
    unchanged = set(await builder.add(field, rows))
    moved = await builder.add(field, rows // 10)
    client = PlannedClient(builder.builder.database, builder.builder.caller)

    async def change_rows(page: int) -> None:
        await builder.add(field, 1)
        await builder.move(field, moved[page % len(moved)])

    forward = [
        id_
        async for id_ in page_through(client, field, order, FORWARD, size, change_rows)
        if id_ in unchanged
    ]
    backward = [
        id_
        async for id_ in page_through(client, field, order, BACKWARD, size, change_rows)
        if id_ in unchanged
    ]
    assert sorted(forward) == sorted(unchanged)
    assert backward == forward[::-1]


FORWARD = ("first", "after", "endCursor", "hasNextPage")
BACKWARD = ("last", "before", "startCursor", "hasPreviousPage")


async def page_through(
    client: Client,
    field: str,
    order: Order,
    direction: tuple[str, str, str, str],
    size: int,
    between: Callable[[int], Awaitable[None]],
) -> AsyncIterator[UUID]:
    """Yield the ids of all rows, page by page; ``between`` is called with the number of the page to come."""
    size_argument, cursor_argument, cursor, more = direction
    arguments: dict[str, Any] = {"orderBy": order, size_argument: size}
    for number in count(1):
        page = (await client.data(QUERIES[field], **arguments))["page"]
        for node in page["nodes"] if direction is FORWARD else reversed(page["nodes"]):
            yield split_id(node["id"])[1]
        if not page["pageInfo"][more]:
            return
        assert page["pageInfo"][cursor] != arguments.get(cursor_argument)
        arguments[cursor_argument] = page["pageInfo"][cursor]
        await between(number)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("first: -1", "A page can't have -1 rows: ask for 0 to 100, and page on with cursors."),
        ("last: -1", "A page can't have -1 rows: ask for 0 to 100, and page on with cursors."),
        ("first: 101", "A page can't have 101 rows: ask for 0 to 100, and page on with cursors."),
        ("last: 101", "A page can't have 101 rows: ask for 0 to 100, and page on with cursors."),
        ("first: 1, last: 1", "Send `first` to page forward or `last` to page backward, not both."),
    ],
)
async def test_invalid_page_sizes_are_refused(readable: Readable, arguments: str, message: str) -> None:
    client = Client(readable.database, readable.ours.caller)
    answer = await client.execute(f"{{ quotes({arguments}) {{ nodes {{ id }} }} }}")
    assert refusal(answer) == message


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_cursor_is_refused(
    readable: Readable, name: str, forged: Callable[[list[Any]], str]
) -> None:
    client = Client(readable.database, readable.ours.caller)
    made = await client.data("{ quotes(orderBy: {field: TOTAL}) { edges { cursor } } }")
    parts = json.loads(bytes.fromhex(made["quotes"]["edges"][0]["cursor"]))
    query = f"query($cursor: String) {{ quotes({name}: $cursor, orderBy: {{field: TOTAL}}) {{ nodes {{ id }} }} }}"
    assert refusal(await client.execute(query, {"cursor": forged(parts)})) == (
        "This cursor is not from this list in this order. Take cursors from edges or pageInfo of the same field."
    )


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize(
    ("made_for", "sent_to"),
    [
        ("{field: TOTAL, direction: ASC}", "{field: TOTAL, direction: DESC}"),
        ("{field: TOTAL, direction: DESC}", "{field: TOTAL, direction: ASC}"),
        (
            "[{field: TOTAL, direction: ASC}, {field: NAME, direction: ASC}]",
            "[{field: TOTAL, direction: ASC}, {field: NAME, direction: DESC}]",
        ),
    ],
)
async def test_a_cursor_is_refused_by_the_same_list_in_the_other_direction(
    readable: Readable, name: str, made_for: str, sent_to: str
) -> None:
    client = Client(readable.database, readable.ours.caller)
    made = await client.data(f"{{ quotes(orderBy: {made_for}) {{ edges {{ cursor }} }} }}")
    cursor = made["quotes"]["edges"][0]["cursor"]
    query = "query($cursor: String) { quotes(%s: $cursor, orderBy: %s) { nodes { id } } }"

    assert "errors" not in await client.execute(query % (name, made_for), {"cursor": cursor})
    assert refusal(await client.execute(query % (name, sent_to), {"cursor": cursor})) == (
        "This cursor is not from this list in this order. Take cursors from edges or pageInfo of the same field."
    )


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ([OrderTerm("total"), OrderTerm("id")], "Quote:total+,id+"),
        ([OrderTerm("total", descending=True), OrderTerm("id")], "Quote:total-,id+"),
        ([OrderTerm("total"), OrderTerm("id", descending=True)], "Quote:total+,id-"),
        ([OrderTerm("total", descending=True), OrderTerm("id", descending=True)], "Quote:total-,id-"),
        ([OrderTerm("id"), OrderTerm("total")], "Quote:id+,total+"),
    ],
)
def test_the_fingerprint_depends_on_the_type_and_each_column_with_its_direction(
    terms: list[OrderTerm], text: str
) -> None:
    assert CursorOrder.from_terms("Quote", terms).fingerprint == sha256(text.encode()).hexdigest()[:8]


@pytest.mark.parametrize(("direction", "text"), [("ASC", "Quote:total+,id+"), ("DESC", "Quote:total-,id-")])
async def test_a_cursor_begins_with_the_fingerprint_of_its_order(
    readable: Readable, direction: str, text: str
) -> None:
    client = Client(readable.database, readable.ours.caller)
    query = f"{{ quotes(orderBy: {{field: TOTAL, direction: {direction}}}) {{ edges {{ cursor }} }} }}"
    edges = (await client.data(query))["quotes"]["edges"]
    fingerprints = {json.loads(bytes.fromhex(edge["cursor"]))[0] for edge in edges}
    assert fingerprints == {sha256(text.encode()).hexdigest()[:8]}


@pytest.mark.parametrize("selection", ["totalCount", "__typename"])
@pytest.mark.parametrize("name", ["after", "before"])
async def test_a_cursor_is_validated_even_if_no_row_is_selected(
    readable: Readable, name: str, selection: str
) -> None:
    client = Client(readable.database, readable.ours.caller)
    for query in (
        f'{{ quotes({name}: "x") {{ {selection} }} }}',
        f"query($cursor: String) {{ quotes({name}: $cursor) {{ {selection} }} }}",
    ):
        assert refusal(await client.execute(query, {"cursor": "x"})) == (
            "This cursor is not from this list in this order. Take cursors from edges or pageInfo of the same field."
        )


def refusal(answer: Any) -> str:
    """Return the message of the only error, which must be bad input of the field ``quotes``."""
    [error] = answer["errors"]
    assert answer["data"] is None
    assert (error["path"], error["extensions"]) == (["quotes"], {"code": "BAD_USER_INPUT"})
    return str(error["message"])
