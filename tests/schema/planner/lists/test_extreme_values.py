"""Every filter answers the extreme values of its scalars with rows or with an error that says what to do."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_list_type, is_object_type

from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client, cached_schema

EXTREMES: dict[str, list[object]] = {
    "Decimal": [
        "1e999999999",
        "-1e999999999",
        "1e-999999999",
        "0e999999999",
        "-0E-999999999",
        "1e1000",
        10**18,
    ],
    "Date": ["0001-01-01", "9999-12-31"],
    "DateTime": ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1900-01-01T00:00:00Z"],
    "Int": [-(2**31), 2**31 - 1],
    "ID": ["", "x", "opp_", "opp_" + "9" * 100, "\u212a" * 40],
    "String": ["", "%", "\\", "\u0130" * 1_000, "\U0010ffff"],
    "Boolean": [True],
}


def comparisons(filter_type: GraphQLInputObjectType) -> Iterator[dict[str, Any]]:
    """Yield a filter for each operator of each field and each extreme value."""
    for name, field in filter_type.fields.items():
        operators = get_named_type(field.type)
        if (
            is_list_type(field.type)
            or operators is filter_type
            or not isinstance(operators, GraphQLInputObjectType)
        ):
            continue
        for operator, operand in operators.fields.items():
            for value in EXTREMES.get(get_named_type(operand.type).name, []):
                yield {name: {operator: [value, value] if is_list_type(operand.type) else value}}


def lists() -> list[tuple[str, GraphQLInputObjectType]]:
    """Return the root fields with pages and filters, and the types of these."""
    query: Any = cached_schema().graphql.query_type
    return [
        (name, get_named_type(field.args["filter"].type))
        for name, field in query.fields.items()
        if "filter" in field.args and is_object_type(get_named_type(field.type)) and "first" in field.args
    ]


@pytest.mark.parametrize(("field", "filter_type"), lists(), ids=str)
async def test_extreme_values_in_filters_are_answered(
    field: str, filter_type: GraphQLInputObjectType, builder: OrganizationBuilder
) -> None:
    query = f"query($filter: {filter_type.name}) {{ {field}(filter: $filter) {{ totalCount nodes {{ __typename }} }} }}"
    client = Client(builder.database, builder.caller)
    filters = list(comparisons(filter_type))
    assert filters
    for each in filters:
        response = await client.execute(query, {"filter": each})
        codes = {error["extensions"]["code"] for error in response.get("errors", [])}
        assert codes <= {"BAD_USER_INPUT"}, each
