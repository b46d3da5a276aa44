"""Hostile values of every scalar, at every place of every query's and mutation's arguments, filters included."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client, cached_schema

VALUES: dict[str, list[Any]] = {
    "Decimal": [
        *("1e999999999", "-1e999999", "1e-999999999", "0e999999999", "1e40", "9" * 40, "1e-40", "-0"),
        *(1e308, 2**63, 10**400, True, "NaN", "Infinity", "", {}),
    ],
    "Int": [2**31 - 1, -(2**31), 2**31, 2**63, 1e308, "1", True, -1],
    "Float": [1e308, -1e308, 10**400, "1"],
    "String": ["", "\0", "\ud800", "\U0010ffff", "%_\\'\"", "x" * 10_000, 1, {}],
    "ID": ["", "\0", "\ud800", "opp_", "opp_" + "0" * 10_000, "opp_\u0661", 2**70, -1],
    "Boolean": ["true", 1, {}],
    "Date": ["0001-01-01", "9999-12-31", "2026-02-30", "0000-01-01", "-001-01-01", "\u0662026-01-01", 1],
    "DateTime": [
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-23:59"),
        *("0001-01-01T00:00:00+23:59", "2026-12-31T23:59:60Z", "2026-01-01T00:00:00." + "9" * 5000 + "Z", 0),
    ],
}
_SMALLEST = {
    "String": "x",
    "ID": "opp_1",
    "Int": 1,
    "Boolean": True,
    "Decimal": "1",
    "Date": "2026-01-01",
    "DateTime": "2026-01-01T00:00:00Z",
}

Place = tuple[str, ...]


def places(type_: Any, seen: frozenset[GraphQLNamedType] = frozenset()) -> Iterator[tuple[Place, str]]:
    """Return the paths to all scalars within a type, and their names; each input type once on a path."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items() if named not in seen else ():
            for path, scalar in places(field.type, seen | {named}):
                yield (name, *path), scalar
    elif not isinstance(named, GraphQLEnumType):
        yield (), named.name


def argument_places() -> Iterator[tuple[str, str, str, Place, str]]:
    """Return operation type, root field, argument, path and scalar of every place."""
    schema = cached_schema().graphql
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        assert root is not None
        for name, field in root.fields.items():
            for argument, declared in field.args.items():
                for path, scalar in places(declared.type):
                    yield kind, name, argument, path, scalar


def sent_value(type_: Any, path: Place | None, value: object) -> Any:
    """Return the smallest value of a type that holds ``value`` at the path; without a path, the smallest."""
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList):
        return [sent_value(type_.of_type, path, value)]
    if isinstance(type_, GraphQLInputObjectType):
        names = [name for name, field in type_.fields.items() if is_required_input_field(field)]
        if path:
            names.append(path[0])
        elif type_.is_one_of:
            names.append(next(iter(type_.fields)))
        return {
            name: sent_value(type_.fields[name].type, path[1:] if path and name == path[0] else None, value)
            for name in dict.fromkeys(names)
        }
    if path is not None:
        return value
    return next(iter(type_.values)) if isinstance(type_, GraphQLEnumType) else _SMALLEST[type_.name]


PLACES = list(argument_places())
FIELDS = sorted({place[:2] for place in PLACES})


@pytest.mark.parametrize(("kind", "field_name"), FIELDS)
async def test_no_value_of_a_scalar_is_an_internal_error(
    builder: OrganizationBuilder, kind: str, field_name: str
) -> None:
    client = Client(builder.database, builder.caller)
    schema = cached_schema().graphql
    root: Any = schema.query_type if kind == "query" else schema.mutation_type
    field = root.fields[field_name]
    selection = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
    for _, _, argument, path, scalar in (each for each in PLACES if each[:2] == (kind, field_name)):
        names = [name for name, each in field.args.items() if name == argument or is_required_argument(each)]
        declared = ", ".join(f"${name}: {field.args[name].type}" for name in names)
        sent = ", ".join(f"{name}: ${name}" for name in names)
        document = f"{kind}({declared}) {{ {field_name}({sent}){selection} }}"
        for value in VALUES[scalar]:
            variables = {
                name: sent_value(field.args[name].type, path if name == argument else None, value)
                for name in names
            }
            response = await client.execute(document, variables)
            codes = {error["extensions"]["code"] for error in response.get("errors", ())}
            assert "INTERNAL_SERVER_ERROR" not in codes, (document, variables)
            assert "GRAPHQL_VALIDATION_FAILED" not in codes, (document, response)


def test_the_places_include_filters_within_filters() -> None:
    paths = {place[3] for place in PLACES if place[1] == "quotes" and place[4] == "Decimal"}
    assert ("total", "gte") in paths
