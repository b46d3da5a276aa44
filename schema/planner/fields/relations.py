"""Fields that show one row of another table: related rows, lookups by arguments, ``node`` and ``nodes``."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import strawberry
from sqlalchemy import FromClause, Text, bindparam, case, select
from strawberry.types.arguments import StrawberryArgument

from db.sql.column_types import Id
from schema.planner.errors import BadInput
from schema.planner.fields.json_items import MemberId, MemberText, json_array_rows
from schema.planner.global_ids import decode_id, split_id
from schema.planner.plan.declarations import FieldDeclaration, argument, column_of, planned_field
from schema.planner.plan.parameters import ArgumentRef
from schema.planner.plan.planner import Selection
from schema.planner.plan.scoped_tables import scoped_table_of_type
from schema.planner.sql.expressions import (
    Columns,
    Condition,
    JsonText,
    SqlExpression,
    json_array_of_rows,
    json_or_null,
    scalar_subquery,
    string_literal,
)

MAX_NODES = 100
"""Ids that ``nodes`` accepts at once."""

JoinCondition = Callable[[Columns, Columns], Condition]
"""From the columns of the parent's row and of a candidate row, returns whether they are related."""

LookupCondition = Callable[[ArgumentRef, Columns], Condition]
"""From the arguments of a lookup and the columns of a candidate row, returns whether it is the one wanted."""


@dataclass(frozen=True, slots=True)
class ToOne:
    """The row of the field's type that is related to the parent's row; there is at most one.

    ``(SELECT '{"name":' || ... || '}' FROM account WHERE <in the organization> AND <condition>)``
    """

    condition: JoinCondition

    def __call__(self, selection: Selection, row: FromClause) -> JsonText:
        """Return the row's object, or null if there is none."""
        text = _object(selection, selection.type_name, row, lambda related: self.condition(row.c, related))
        return JsonText([text]) if selection.is_required else json_or_null(text)


def to_one(description: str, condition: JoinCondition) -> FieldDeclaration:
    """Declare a field that shows the row of its type for which the condition holds; at most one may.

    ``to_one("The contract.", lambda quote, row: row.quote_id == quote.id)``
    """
    return planned_field(ToOne(condition), description)


def by_foreign_key(attribute: object, description: str) -> FieldDeclaration:
    """Declare a field that shows the row whose id a column of its type's table holds."""
    column = column_of(attribute)
    return to_one(description, lambda row, related: related.id == column(row))


def by_param(name: str, description: str) -> FieldDeclaration:
    """Declare a field that shows the row of its type whose id is the plan's parameter ``name``."""
    return to_one(description, lambda _, row: row.id == bindparam(name, type_=Id()))


def lookup(
    description: str, arguments: Sequence[StrawberryArgument] = (), condition: LookupCondition | None = None
) -> FieldDeclaration:
    """Declare a root field that finds one row: by ``id``, or if that isn't sent, by ``condition``."""

    def found(selection: Selection, row: FromClause) -> JsonText:
        sent = selection.arguments
        prefix = selection.planner.catalog.tables[selection.type_name].prefix

        def is_wanted(candidate: Columns) -> Condition:
            if condition is not None and not sent["id"]:
                return condition(sent, candidate)
            return candidate.id == sent["id"].bind(Id(), lambda text: decode_id(prefix, text))

        return json_or_null(_object(selection, selection.type_name, row, is_wanted))

    return planned_field(found, description, arguments or [argument("id", strawberry.ID, "The id.")])


def node(description: str) -> FieldDeclaration:
    """Declare Relay's ``node``: any object by its id."""
    return planned_field(_node, description, [argument("id", strawberry.ID, "The id.")])


def nodes(description: str) -> FieldDeclaration:
    """Declare ``nodes``: objects of any types by their ids."""
    ids = argument("ids", list[strawberry.ID], f"The ids; at most {MAX_NODES}.")
    return planned_field(_nodes, description, [ids])


def node_param(name: str, description: str) -> FieldDeclaration:
    """Declare a field with an object of any type: parameters ``<name>_prefix`` and ``<name>_id``."""

    def node(selection: Selection, row: FromClause) -> JsonText:
        prefix, id_ = bindparam(f"{name}_prefix", type_=Text()), bindparam(f"{name}_id", type_=Id())
        return object_by_global_id(selection, row, prefix, id_)

    return planned_field(node, description)


def object_by_global_id(
    selection: Selection, row: FromClause, prefix: SqlExpression, id_: SqlExpression
) -> JsonText:
    """Return the object whose id has this prefix and UUID, or null if there is none.

    ``CASE WHEN <prefix> = 'acc' THEN (SELECT ... FROM account ...) WHEN <prefix> = 'opp' THEN ... END``
    """
    objects = [
        (
            prefix == string_literal(table.prefix),
            _object(selection, table.type_name, row, lambda candidate: candidate.id == id_),
        )
        for table in selection.planner.catalog.tables.values()
    ]
    return json_or_null(case(*objects))


def _object(
    selection: Selection, type_name: str, row: FromClause, condition: Callable[[Columns], Condition]
) -> SqlExpression:
    """Return the object of the type's row that meets the condition; NULL if none does."""
    candidate, is_in_scope = scoped_table_of_type(selection.planner, type_name)
    text = selection.json_object(candidate, type_name=type_name, with_typename=selection.is_abstract)
    return scalar_subquery(
        select(text).select_from(candidate).where(is_in_scope, condition(candidate.c)), outer=row
    )


def _node(selection: Selection, row: FromClause) -> JsonText:
    id_ = selection.arguments["id"]
    prefix = id_.bind(Text(), lambda text: split_id(text)[0])
    return object_by_global_id(selection, row, prefix, id_.bind(Id(), lambda text: split_id(text)[1]))


def _nodes(selection: Selection, row: FromClause) -> JsonText:
    ids = json_array_rows(selection.arguments["ids"].bind(Text(), _split_ids), selection.planner.dialect)
    each = object_by_global_id(selection, ids, MemberText(ids.c, "prefix"), MemberId(ids.c, "id"))
    return json_array_of_rows(each, ids, outer=row)


def _split_ids(texts: list[str]) -> str:
    if len(texts) > MAX_NODES:
        raise BadInput(f"{len(texts)} ids are too many: send at most {MAX_NODES} at once.")
    parts = [split_id(text) for text in texts]
    return json.dumps([{"prefix": prefix, "id": str(id_)} for prefix, id_ in parts])
