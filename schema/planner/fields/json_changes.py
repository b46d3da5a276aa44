"""Fields that changed: the members of a JSON object, each a pair of what was and what is now."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Text, cast, column, func, select

from db.sql.column_types import Id
from schema.planner.fields.columns import planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import DialectExpression, JsonText, json_array_agg, scalar_subquery


class Before(DialectExpression):
    """The left of a pair, as text."""

    postgresql = "({} ->> 0)"
    sqlite = "json_extract({}, '$[0]')"


class After(DialectExpression):
    """The right of a pair, as text."""

    postgresql = "({} ->> 1)"
    sqlite = "json_extract({}, '$[1]')"


class AsId(DialectExpression):
    """A text as an id."""

    type = Id()
    postgresql = "({})::uuid"
    sqlite = "{}"


@dataclass(frozen=True, slots=True)
class Pairs:
    """A list of objects over the members: their columns are ``key``, a text, and ``value``, a pair."""

    column: str

    def __call__(self, selection: Selection, row: Any) -> JsonText:
        """Return the array of objects, in the order of the members."""
        members = _members(row.c[self.column], selection.planner.dialect.name)
        objects = select(json_array_agg(selection.object(members))).select_from(members)
        return JsonText([scalar_subquery(objects, of=row)])


def pairs(attribute: Any, description: str) -> Any:
    """Declare a list of what a column's JSON object holds."""
    return planned_field(Pairs(attribute.key), description)


def _members(object_: Any, dialect_name: str) -> Any:
    if dialect_name == "postgresql":
        members = func.json_each(cast(object_, JSON))
        return members.table_valued(column("key", Text), column("value", JSON)).render_derived()
    return func.json_each(object_).table_valued(column("key", Text), column("value", Text))
