"""Fields that lead to one row of another table."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import strawberry
from sqlalchemy import Text, bindparam, case, select
from sqlalchemy.sql.elements import ColumnElement
from strawberry.types.arguments import StrawberryArgument

from db import models
from db.sql.column_types import Id
from db.sql.tables import table_of
from schema.planner.errors import BadInput
from schema.planner.fields.columns import argument, planned_field
from schema.planner.fields.json_items import MemberId, MemberText, json_array_rows
from schema.planner.global_ids import decode_id, split_id
from schema.planner.plan.planner import ORGANIZATION_ID, ArgumentRef, Planner, Selection
from schema.planner.sql.expressions import (
    JsonText,
    SqlExpression,
    json_array_agg,
    json_or_null,
    scalar_subquery,
    string_literal,
)

_MOST_KEPT = 512
"""Aliases; to make a new one takes longer than to plan what is read of its row."""

Condition = Callable[[Any, Any], ColumnElement[bool]]
"""From the columns of the row that is left and of the row that is reached to whether they belong together."""


def scoped_table(model: Any) -> tuple[Any, ColumnElement[bool]]:
    """Return a table under a new alias, and the condition that confines it to the caller's organization.

    Every table that is read is taken from here.
    """
    row = table_of(model).alias()
    key = row.c.id if model is models.Organization else row.c.organization_id
    return row, key == ORGANIZATION_ID


def scoped_table_of_type(planner: Planner, type_name: str) -> tuple[Any, ColumnElement[bool]]:
    """Return the table of a type as ``scoped_table`` does, under a new alias."""
    model = planner.catalog.tables[type_name].model
    return _kept(model, planner.next_alias_number(model))


@lru_cache(_MOST_KEPT)
def _kept(model: Any, _number: int) -> tuple[Any, ColumnElement[bool]]:
    return scoped_table(model)


def to_one(description: str, condition: Condition) -> Any:
    """Declare a field that leads to the row of its type for which the condition holds; at most one."""
    return planned_field(ToOne(condition), description)


def by_foreign_key(attribute: Any, description: str) -> Any:
    """Declare a field that leads to the row whose id the column holds."""
    return to_one(description, lambda row, reached: reached.id == row[attribute.key])


def by_param(name: str, description: str) -> Any:
    """Declare a field that leads to the row whose id the server brings under ``name``."""
    return to_one(description, lambda _, row: row.id == bindparam(name, type_=Id()))


@dataclass(frozen=True, slots=True)
class ToOne:
    """The row of the field's type for which the condition holds; at most one."""

    condition: Condition

    def __call__(self, selection: Selection, row: Any) -> JsonText:
        """Return the row's object, or null where there is none."""
        left = None if row is None else row.c
        text = _object(selection, selection.type_name, row, lambda reached: self.condition(left, reached))
        return JsonText([text]) if selection.is_required else json_or_null(text)


def _object(
    selection: Selection, type_name: str, row: Any, condition: Callable[[Any], ColumnElement[bool]]
) -> SqlExpression:
    reached, within = scoped_table_of_type(selection.planner, type_name)
    object_ = selection.object(reached, type_name=type_name, named=selection.is_abstract)
    return scalar_subquery(select(object_).select_from(reached).where(within, condition(reached.c)), of=row)


Keys = Callable[[ArgumentRef, Any], ColumnElement[bool]]
"""From a lookup's arguments and a row's columns to whether this is the row that is looked up."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A root field that finds one row by its id, or by other keys."""

    keys: Keys | None = None

    def __call__(self, selection: Selection, _row: Any) -> JsonText:
        """Return the row's object, or null."""
        arguments = selection.arguments
        prefix = selection.planner.catalog.tables[selection.type_name].prefix

        def matches(row: Any) -> ColumnElement[bool]:
            if self.keys is not None and not arguments["id"]:
                return self.keys(arguments, row)
            return row.id == arguments["id"].bind(Id(), lambda text: decode_id(prefix, text))  # type: ignore[no-any-return]

        return json_or_null(_object(selection, selection.type_name, None, matches))


def lookup(description: str, *arguments: StrawberryArgument, keys: Keys | None = None) -> Any:
    """Declare a root field that finds one row, by ``id`` unless ``keys`` say how else."""
    return planned_field(
        Lookup(keys), description, list(arguments) or [argument("id", strawberry.ID, "Its id.")]
    )


def node(description: str) -> Any:
    """Declare Relay's ``node``: any object by its id."""
    return planned_field(_node, description, [argument("id", strawberry.ID, "The object's id.")])


def nodes(description: str) -> Any:
    """Declare ``nodes``: any objects by their ids."""
    ids = argument("ids", list[strawberry.ID], f"The objects' ids; at most {MAX_NODES}.")
    return planned_field(_nodes, description, [ids])


MAX_NODES = 100


def node_param(name: str, description: str) -> Any:
    """Declare a field that leads to any object: the server brings ``<name>_prefix`` and ``<name>_id``."""
    return planned_field(NodeParam(name), description)


@dataclass(frozen=True, slots=True)
class NodeParam:
    """The object whose prefix and id the server brings."""

    name: str

    def __call__(self, selection: Selection, _row: Any) -> JsonText:
        """Return the object."""
        prefix = bindparam(f"{self.name}_prefix", type_=Text())
        return object_by_global_id(selection, None, prefix, bindparam(f"{self.name}_id", type_=Id()))


def _node(selection: Selection, _row: Any) -> JsonText:
    id_ = selection.arguments["id"]
    prefix = id_.bind(Text(), lambda text: split_id(text)[0])
    return object_by_global_id(selection, None, prefix, id_.bind(Id(), lambda text: split_id(text)[1]))


def _nodes(selection: Selection, _row: Any) -> JsonText:
    rows = json_array_rows(
        selection.arguments["ids"].bind(Text(), _split_ids), selection.planner.dialect.name
    )
    each = object_by_global_id(selection, rows, MemberText(rows.c, "prefix"), MemberId(rows.c, "id"))
    return JsonText([scalar_subquery(select(json_array_agg(each)).select_from(rows), of=None)])


def object_by_global_id(
    selection: Selection, row: Any, prefix: SqlExpression, id_: SqlExpression
) -> JsonText:
    """Return the object whose id has this prefix and UUID, or null where there is none."""
    tables = selection.planner.catalog.tables.values()
    objects = [
        (
            prefix == string_literal(table.prefix),
            _object(selection, table.type_name, row, lambda reached: reached.id == id_),
        )
        for table in tables
    ]
    return json_or_null(case(*objects))


def _split_ids(texts: list[str]) -> str:
    if len(texts) > MAX_NODES:
        raise BadInput(f"{len(texts)} ids are too many: send at most {MAX_NODES} at once.")
    parts = [split_id(text) for text in texts]
    return json.dumps([{"prefix": prefix, "id": str(id_)} for prefix, id_ in parts])
