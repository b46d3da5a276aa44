"""The input types by which lists are sorted, made from the fields that they can be sorted by."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import strawberry

from schema.leaf_types.enums import graphql_enum
from schema.planner.lists.ordering import ListSpec, OrderDirection


def list_spec(  # noqa: PLR0913 - a declaration, read by its names
    type_name: str,
    filter_: type,
    order_fields: Mapping[str, str],
    default: Sequence[tuple[str, OrderDirection]],
    *,
    columns: Mapping[str, Sequence[str]] = MappingProxyType({}),
    unique: Sequence[str] = ("id",),
) -> ListSpec:
    """Declare how a list of a type is filtered and sorted.

    ``order_fields`` maps the fields to sort by to their descriptions. A field sorts by the column with its
    name in lower case, or by its ``columns``. No two rows of the list agree in all ``unique`` columns.
    """
    sorted_by = {field: columns.get(field, (field.lower(),)) for field in order_fields}
    return ListSpec(filter_, _order_input(type_name, order_fields), sorted_by, default, frozenset(unique))


def _order_input(type_name: str, order_fields: Mapping[str, str]) -> type:
    """Return the input type ``<type>Order`` with its enum ``<type>OrderField``."""
    fields: Any = StrEnum(f"{type_name}OrderField", {name: name for name in order_fields})  # type: ignore[misc]
    graphql_enum(fields, f"The fields by which a list of type {type_name} can be sorted.", order_fields)
    members = {
        "__annotations__": {"field": fields, "direction": OrderDirection},
        "field": strawberry.field(description="The field to sort by."),
        "direction": strawberry.field(description="The direction.", default=OrderDirection.ASC),
    }
    description = f"Sorts a list of type {type_name}. Of several, the first one takes precedence."
    return strawberry.input(type(f"{type_name}Order", (), members), description=description)
