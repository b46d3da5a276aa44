"""Lists read from a JSON column of changes: ``{"name": ["old", "new"], "total": [null, "9.00"]}``."""

from dataclasses import dataclass

from sqlalchemy import JSON, Dialect, FromClause, Text, cast, column, func, select

from db.sql.column_types import Id
from schema.planner.plan.declarations import FieldDeclaration, column_of, planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import (
    DialectExpression,
    JsonText,
    RowExpression,
    SqlExpression,
    json_array_agg,
    scalar_subquery,
)


class Before(DialectExpression):
    """The first value of a pair, as text."""

    postgresql = "({} ->> 0)"
    sqlite = "json_extract({}, '$[0]')"


class After(DialectExpression):
    """The second value of a pair, as text."""

    postgresql = "({} ->> 1)"
    sqlite = "json_extract({}, '$[1]')"


class TextAsId(DialectExpression):
    """A text as an id."""

    type = Id()
    postgresql = "({})::uuid"
    sqlite = "{}"


@dataclass(frozen=True, slots=True)
class Changes:
    """A list with one object for each changed field.

    The object is read from a row with the columns ``key``, the field's name, and ``value``, the pair.
    """

    column: RowExpression

    def __call__(self, selection: Selection, row: FromClause) -> JsonText:
        """Return the array of objects, in the order of the fields in the column."""
        members = _members(self.column(row.c), selection.planner.dialect)
        objects = select(json_array_agg(selection.json_object(members))).select_from(members)
        return JsonText([scalar_subquery(objects, outer=row)])


def changes(attribute: object, description: str) -> FieldDeclaration:
    """Declare the list of the changes that a column of the type's table holds."""
    return planned_field(Changes(column_of(attribute)), description)


def _members(object_: SqlExpression, dialect: Dialect) -> FromClause:
    if dialect.name == "postgresql":
        members = func.json_each(cast(object_, JSON))
        return members.table_valued(column("key", Text), column("value", JSON)).render_derived()
    return func.json_each(object_).table_valued(column("key", Text), column("value", Text))
