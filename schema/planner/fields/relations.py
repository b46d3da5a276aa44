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
from schema.planner.fields.columns import argument, sourced
from schema.planner.fields.json_items import MemberId, MemberText, items_of
from schema.planner.global_ids import decode_id, split_id
from schema.planner.plan.planner import ORGANIZATION, Late, Planner, Selection
from schema.planner.sql.expressions import Concatenation, Sql, constant, joined, or_null, subquery

_MOST_KEPT = 512
"""Aliases; to make a new one takes longer than to plan what is read of its row."""

Condition = Callable[[Any, Any], ColumnElement[bool]]
"""From the columns of the row that is left and of the row that is reached to whether they belong together."""


def confined(model: Any) -> tuple[Any, ColumnElement[bool]]:
    """Return a table under a new alias, and the condition that confines it to the caller's organization.

    Every table that is read is taken from here.
    """
    row = table_of(model).alias()
    key = row.c.id if model is models.Organization else row.c.organization_id
    return row, key == ORGANIZATION


def row_of(planner: Planner, type_name: str) -> tuple[Any, ColumnElement[bool]]:
    """Return the table of a type as ``confined`` does, under an alias that the planner has not given yet."""
    model = planner.catalog.tables[type_name].model
    return _kept(model, planner.number_of(model))


@lru_cache(_MOST_KEPT)
def _kept(model: Any, _number: int) -> tuple[Any, ColumnElement[bool]]:
    return confined(model)


def one(description: str, condition: Condition) -> Any:
    """Declare a field that leads to the row of its type for which the condition holds; at most one."""
    return sourced(One(condition), description)


def by_key(attribute: Any, description: str) -> Any:
    """Declare a field that leads to the row whose id the column holds."""
    return one(description, lambda row, reached: reached.id == row[attribute.key])


def by_given(name: str, description: str) -> Any:
    """Declare a field that leads to the row whose id the server brings under ``name``."""
    return one(description, lambda _, row: row.id == bindparam(name, type_=Id()))


@dataclass(frozen=True, slots=True)
class One:
    """The row of the field's type for which the condition holds; at most one."""

    condition: Condition

    def __call__(self, selection: Selection, row: Any) -> Concatenation:
        """Return the row's object, or null where there is none."""
        left = None if row is None else row.c
        text = _object(selection, selection.type_name, row, lambda reached: self.condition(left, reached))
        return Concatenation([text]) if selection.is_required else or_null(text)


def _object(
    selection: Selection, type_name: str, row: Any, condition: Callable[[Any], ColumnElement[bool]]
) -> Sql:
    reached, within = row_of(selection.planner, type_name)
    object_ = selection.object(reached, type_name=type_name, named=selection.is_abstract)
    return subquery(select(object_).select_from(reached).where(within, condition(reached.c)), of=row)


Keys = Callable[[Late, Any], ColumnElement[bool]]
"""From a lookup's arguments and a row's columns to whether this is the row that is looked up."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A root field that finds one row by its id, or by other keys."""

    keys: Keys | None = None

    def __call__(self, selection: Selection, _row: Any) -> Concatenation:
        """Return the row's object, or null."""
        arguments = selection.arguments
        prefix = selection.planner.catalog.tables[selection.type_name].prefix

        def matches(row: Any) -> ColumnElement[bool]:
            if self.keys is not None and not arguments["id"]:
                return self.keys(arguments, row)
            return row.id == arguments["id"].bind(Id(), lambda text: decode_id(prefix, text))  # type: ignore[no-any-return]

        return or_null(_object(selection, selection.type_name, None, matches))


def lookup(description: str, *arguments: StrawberryArgument, keys: Keys | None = None) -> Any:
    """Declare a root field that finds one row, by ``id`` unless ``keys`` say how else."""
    return sourced(Lookup(keys), description, list(arguments) or [argument("id", strawberry.ID, "Its id.")])


def node(description: str) -> Any:
    """Declare Relay's ``node``: any object by its id."""
    return sourced(_node, description, [argument("id", strawberry.ID, "The object's id.")])


def nodes(description: str) -> Any:
    """Declare ``nodes``: any objects by their ids."""
    ids = argument("ids", list[strawberry.ID], f"The objects' ids; at most {LARGEST_LIST}.")
    return sourced(_nodes, description, [ids])


LARGEST_LIST = 100


def given_node(name: str, description: str) -> Any:
    """Declare a field that leads to any object: the server brings ``<name>_prefix`` and ``<name>_id``."""
    return sourced(GivenNode(name), description)


@dataclass(frozen=True, slots=True)
class GivenNode:
    """The object whose prefix and id the server brings."""

    name: str

    def __call__(self, selection: Selection, _row: Any) -> Concatenation:
        """Return the object."""
        prefix = bindparam(f"{self.name}_prefix", type_=Text())
        return any_object(selection, None, prefix, bindparam(f"{self.name}_id", type_=Id()))


def _node(selection: Selection, _row: Any) -> Concatenation:
    id_ = selection.arguments["id"]
    prefix = id_.bind(Text(), lambda text: split_id(text)[0])
    return any_object(selection, None, prefix, id_.bind(Id(), lambda text: split_id(text)[1]))


def _nodes(selection: Selection, _row: Any) -> Concatenation:
    rows = items_of(selection.arguments["ids"].bind(Text(), _split_ids), selection.planner.dialect.name)
    each = any_object(selection, rows, MemberText(rows.c, "prefix"), MemberId(rows.c, "id"))
    return Concatenation([subquery(select(joined(each)).select_from(rows), of=None)])


def any_object(selection: Selection, row: Any, prefix: Sql, id_: Sql) -> Concatenation:
    """Return the object whose id has this prefix and UUID, or null where there is none."""
    tables = selection.planner.catalog.tables.values()
    objects = [
        (
            prefix == constant(table.prefix),
            _object(selection, table.type_name, row, lambda reached: reached.id == id_),
        )
        for table in tables
    ]
    return or_null(case(*objects))


def _split_ids(texts: list[str]) -> str:
    if len(texts) > LARGEST_LIST:
        raise BadInput(f"{len(texts)} ids are too many: send at most {LARGEST_LIST} at once.")
    parts = [split_id(text) for text in texts]
    return json.dumps([{"prefix": prefix, "id": str(id_)} for prefix, id_ in parts])
