"""Objects that the server sends as a JSON array in one parameter, and the rows and members made of it."""

from sqlalchemy import JSON, BindParameter, Dialect, FromClause, Text, bindparam, cast, column, func

from db.sql.column_types import Id
from schema.planner.plan.declarations import FieldDeclaration, planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import (
    Columns,
    DialectExpression,
    JsonText,
    json_array_of_rows,
    json_or_null,
)


def json_array_rows(array: BindParameter[str], dialect: Dialect) -> FromClause:
    """Return the elements of a JSON array as rows in their order; ``MemberText`` and the like read them."""
    if dialect.name == "postgresql":
        rows = func.json_array_elements(cast(array, JSON))
        return rows.table_valued(column("value", JSON)).render_derived()
    return func.json_each(array).table_valued(column("value", Text))


class _Member(DialectExpression):
    """A member of an element, read from a row of ``json_array_rows``."""

    def __init__(self, row: Columns, name: str) -> None:
        super().__init__(row.value, name=name)


class MemberText(_Member):
    """A member as text."""

    postgresql = "({} ->> '{name}')"
    sqlite = "json_extract({}, '$.{name}')"


class MemberId(_Member):
    """A member as an id; NULL if it is null."""

    type = Id()
    postgresql = "({} ->> '{name}')::uuid"
    sqlite = "json_extract({}, '$.{name}')"


class MemberJson(_Member):
    """A member as JSON text."""

    postgresql = "({} -> '{name}')::text"
    sqlite = "json_quote(json_extract({}, '$.{name}'))"


def item(name: str, description: str) -> FieldDeclaration:
    """Declare a field that shows a member of its object's element; the object is one of ``items_param``."""
    return planned_field(lambda _, row: json_or_null(MemberJson(row.c, name)), description)


def items_param(name: str, description: str) -> FieldDeclaration:
    """Declare a list of objects read from the plan's parameter ``name``, the text of a JSON array."""

    def array(selection: Selection, row: FromClause) -> JsonText:
        items = json_array_rows(bindparam(name, type_=Text()), selection.planner.dialect)
        return json_array_of_rows(selection.json_object(items), items, outer=row)

    return planned_field(array, description)
