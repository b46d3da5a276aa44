"""Lists read from a JSON column of changes: ``{"name": ["old", "new"], "total": [null, "9.00"]}``."""

from sqlalchemy import JSON, Dialect, FromClause, Text, cast, column, func

from db.sql.column_types import Id
from schema.planner.plan.declarations import FieldDeclaration, column_name, planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import (
    DialectExpression,
    JsonText,
    SqlExpression,
    json_array_of_rows,
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


def changes(attribute: object, description: str) -> FieldDeclaration:
    """Declare the list of the changes that a column of the type's table holds, in their order.

    Its objects are read from rows with the columns ``key``, the name of a field, and ``value``, the pair.
    """
    name = column_name(attribute)

    def array(selection: Selection, row: FromClause) -> JsonText:
        members = _members(row.c[name], selection.planner.dialect)
        return json_array_of_rows(selection.json_object(members), members, outer=row)

    return planned_field(array, description)


def _members(object_: SqlExpression, dialect: Dialect) -> FromClause:
    if dialect.name == "postgresql":
        members = func.json_each(cast(object_, JSON))
        return members.table_valued(column("key", Text), column("value", JSON)).render_derived()
    return func.json_each(object_).table_valued(column("key", Text), column("value", Text))
