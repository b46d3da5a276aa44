"""Rows that the server brings itself, as a JSON array of objects in one parameter."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, BindParameter, Text, bindparam, cast, column, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine
from typing_extensions import override

from db.sql.column_types import Id
from schema.planner.fields.columns import planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import JsonText, json_array_agg, json_or_null, scalar_subquery


def json_array_rows(array: BindParameter[Any], dialect_name: str) -> Any:
    """Return the array's elements as rows, in their order; ``member`` and ``member_id`` read them."""
    if dialect_name == "postgresql":
        rows = func.json_array_elements(cast(array, JSON))
        return rows.table_valued(column("value", JSON)).render_derived()
    return func.json_each(array).table_valued(column("value", Text))


class _Member(ColumnElement[Any]):
    """A member of an element; a subclass says in which form."""

    inherit_cache = False
    type: TypeEngine[Any] = Text()
    postgresql: str
    sqlite: str

    def __init__(self, item: Any, name: str) -> None:
        self.value = item.value
        self.name = name

    @override
    def get_children(self, **_options: Any) -> list[Any]:
        return [self.value]


@compiles(_Member, "postgresql")
def _on_postgresql(element: _Member, compiler: Any, **_options: Any) -> str:
    return element.postgresql.format(compiler.process(element.value), element.name)


@compiles(_Member, "sqlite")
def _on_sqlite(element: _Member, compiler: Any, **_options: Any) -> str:
    return element.sqlite.format(compiler.process(element.value), element.name)


class MemberText(_Member):
    """The member as text."""

    postgresql = "({} ->> '{}')"
    sqlite = "json_extract({}, '$.{}')"


class MemberId(_Member):
    """The member as an id; NULL where it is null."""

    type = Id()
    postgresql = "({} ->> '{}')::uuid"
    sqlite = "json_extract({}, '$.{}')"


class MemberJson(_Member):
    """The member as JSON text."""

    postgresql = "({} -> '{}')::text"
    sqlite = "json_quote(json_extract({}, '$.{}'))"


@dataclass(frozen=True, slots=True)
class Item:
    """A member of the element, as it was brought."""

    name: str

    def __call__(self, _selection: Selection, row: Any) -> JsonText:
        """Return the member's JSON text."""
        return json_or_null(MemberJson(row.c, self.name))


@dataclass(frozen=True, slots=True)
class ItemsParam:
    """A list of objects over the elements that the server brings under ``name``."""

    name: str

    def __call__(self, selection: Selection, _row: Any) -> JsonText:
        """Return the array of objects."""
        rows = json_array_rows(bindparam(self.name, type_=Text()), selection.planner.dialect.name)
        return JsonText(
            [scalar_subquery(select(json_array_agg(selection.object(rows))).select_from(rows), of=None)]
        )


def item(name: str, description: str) -> Any:
    """Declare a field that shows a member of the element."""
    return planned_field(Item(name), description)


def items_param(name: str, description: str) -> Any:
    """Declare a list whose elements the server brings under ``name``."""
    return planned_field(ItemsParam(name), description)
