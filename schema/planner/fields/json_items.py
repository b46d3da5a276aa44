"""Objects that the server sends as a JSON array in one parameter, and the rows and members made of it."""

from dataclasses import dataclass

from sqlalchemy import JSON, BindParameter, Dialect, FromClause, Text, bindparam, cast, column, func, select

from db.sql.column_types import Id
from schema.planner.plan.declarations import FieldDeclaration, planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import (
    Columns,
    DialectExpression,
    JsonText,
    json_array_agg,
    json_or_null,
    scalar_subquery,
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


@dataclass(frozen=True, slots=True)
class Item:
    """A member of the element that the parent object is read from."""

    name: str

    def __call__(self, _selection: Selection, row: FromClause) -> JsonText:
        """Return the member's JSON text."""
        return json_or_null(MemberJson(row.c, self.name))


@dataclass(frozen=True, slots=True)
class ItemsParam:
    """A list of objects that are read from the elements of a parameter, a JSON array."""

    name: str

    def __call__(self, selection: Selection, row: FromClause) -> JsonText:
        """Return the array of objects."""
        items = json_array_rows(bindparam(self.name, type_=Text()), selection.planner.dialect)
        text = json_array_agg(selection.json_object(items))
        return JsonText([scalar_subquery(select(text).select_from(items), outer=row)])


def item(name: str, description: str) -> FieldDeclaration:
    """Declare a field that shows a member of its object's element; the object is one of ``items_param``."""
    return planned_field(Item(name), description)


def items_param(name: str, description: str) -> FieldDeclaration:
    """Declare a list of objects read from the plan's parameter ``name``, the text of a JSON array."""
    return planned_field(ItemsParam(name), description)
