"""The input types by which a list is sorted, made from what it may be sorted by."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import strawberry

from schema.leaf_types.enums import graphql_enum
from schema.planner.lists.ordering import ListSpec, OrderDirection


def list_spec(  # noqa: PLR0913 - a declaration, read by its names
    noun: str,
    filter_: type,
    meanings: Mapping[str, str],
    default: Sequence[tuple[str, OrderDirection]],
    *,
    columns: Mapping[str, Sequence[str]] = MappingProxyType({}),
    unique: Sequence[str] = ("id",),
) -> ListSpec:
    """Return how a list of ``noun`` is narrowed and sorted.

    ``meanings`` says of each order field what it sorts by. A field is named like its column in upper case,
    or has its own ``columns``. Rows never agree in all ``unique`` ones.
    """
    sorted_by = {field: columns.get(field, (field.lower(),)) for field in meanings}
    return ListSpec(filter_, _order_type(noun, meanings), sorted_by, default, frozenset(unique))


def _order_type(noun: str, meanings: Mapping[str, str]) -> type:
    fields: Any = StrEnum(f"{noun}OrderField", {field: field for field in meanings})  # type: ignore[misc]
    graphql_enum(fields, f"What a list of type {noun} is sorted by.", meanings)
    members = {
        "__annotations__": {"field": fields, "direction": OrderDirection},
        "field": strawberry.field(description="What to sort by."),
        "direction": strawberry.field(description="Which end comes first.", default=OrderDirection.ASC),
    }
    description = f"Sorts a list of type {noun}; the first one counts most."
    return strawberry.input(type(f"{noun}Order", (), members), description=description)
