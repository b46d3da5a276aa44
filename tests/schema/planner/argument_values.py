"""The values of generated arguments: ids, cursors and texts of the data that is queried."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type

from schema.planner.global_ids import encode_id
from schema.planner.plan.catalog import Catalog
from tests.schema.conftest import Readable
from tests.schema.planner.edge_values import AMOUNTS, DAYS, INSTANTS, TEXTS
from tests.schema.planner.random_inputs import Material, node_type
from tests.schema.support.client import Client, cached_schema
from tests.schema.support.organization_data import OrganizationData, key

ORDERS = 5
"""Random orders of each list, besides its default."""

_SCALARS: Mapping[str, Sequence[Any]] = {
    "Int": (0, 1, 2, 4, -44, 2**31 - 1),
    "Boolean": (True, False),
    "Decimal": (*map(str, AMOUNTS), 5000, 99.9, "-1", "1E+3"),
    "Date": [day.isoformat() for day in DAYS],
    "DateTime": (*(instant.isoformat() for instant in INSTANTS), "2026-11-23T13:00:00.000000+01:00"),
}
_PARTS = ("crane", "É", "%", "QUO-3", "quo-4", "CRM-7", "EUR", "Won")


async def gather(readable: Readable, random: Random) -> Material:
    """Collect the material of arguments, with the cursors of a random choice of orders."""
    client = Client(readable.database, readable.ours.caller)
    catalog = cached_schema().catalog
    return Material(
        catalog,
        _ids(catalog, readable.ours, readable.theirs),
        (*TEXTS, *_PARTS),
        _SCALARS,
        {
            rows: [await _cursors(client, rows, path, order) for order in _orders(rows, random)]
            for rows, path in _list_paths(cached_schema().graphql).items()
        },
    )


def _ids(catalog: Catalog, ours: OrganizationData, theirs: OrganizationData) -> Mapping[str, Sequence[str]]:
    missing = key(9, 9, 9)
    return {
        table.prefix: [
            encode_id(table.prefix, id_)
            for id_ in (*ours.ids(table.model)[:20], *theirs.ids(table.model)[:1], missing)
        ]
        for table in catalog.tables.values()
    }


async def _cursors(client: Client, rows: str, path: tuple[str, str], order: Any) -> tuple[Any, list[str]]:
    head, tail = path
    page = "(first: 100, orderBy: $order) { edges { cursor } }"
    data = await client.data(f"query($order: [{rows}Order!]) {head}{page}{tail}", order=order)
    return order, list(_all_cursors(data))[:100]


def _all_cursors(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _all_cursors(each)
    elif isinstance(value, dict):
        yield from [value["cursor"]] if "cursor" in value else _all_cursors(list(value.values()))


def _orders(rows: str, random: Random) -> Iterator[Any]:
    yield None
    fields: Any = cached_schema().graphql.type_map[f"{rows}OrderField"]
    for _ in range(ORDERS):
        chosen = random.sample(list(fields.values), min(len(fields.values), random.choice((1, 1, 2))))
        yield [{"field": field, "direction": random.choice(("ASC", "DESC"))} for field in chosen]


def _list_paths(schema: GraphQLSchema) -> dict[str, tuple[str, str]]:
    """Return for each type a document with a list of it: the texts before and after the list's arguments."""
    found: dict[str, tuple[str, str]] = {}
    seen: set[Any] = set()
    steps: list[tuple[Any, str, str]] = [(schema.query_type, "{ ", " }")]
    for type_, head, tail in steps:
        if type_ in seen or not isinstance(type_, GraphQLObjectType):
            continue
        seen.add(type_)
        for name, field in type_.fields.items():
            if _is_list(field):
                found.setdefault(node_type(field), (head + name, tail))
                page = f"{name}(first: 100) {{ nodes {{ "
                steps.append((schema.type_map[node_type(field)], head + page, " } }" + tail))
            elif not field.args:
                steps.append((get_named_type(field.type), f"{head}{name} {{ ", " }" + tail))
    return found


def _is_list(field: GraphQLField) -> bool:
    return "first" in field.args
