"""The values that lists are sorted by, the same in an index and in a query.

PostgreSQL stores the value in a generated column beside the sorted one, whose name ends in ``_key``. Under
row security, an index bounds what is read only if the comparison can't reveal a hidden row, as by an error:
PostgreSQL knows that of plain columns of texts, dates and floats, not of functions and decimals. SQLite
indexes the expression itself.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Date, Index, Table, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine
from typing_extensions import override

from db.sql.column_types import Amount, Name

_INFO_KEY = "sort keys"


class NullsLast(ColumnElement[Any]):
    """The value that null is replaced with: it sorts after every other date or amount.

    It is beyond ``MAX_DATE`` and ``MAX_AMOUNT``, so that no value that is stored equals it.
    """

    inherit_cache = False

    def __init__(self, type_: TypeEngine[Any]) -> None:
        self.type = type_


@compiles(NullsLast, "postgresql")
def _last_on_postgresql(element: NullsLast, _compiler: SQLCompiler, **_options: object) -> str:
    return "'9999-12-31'::date" if isinstance(element.type, Date) else "9999999999999.99"


@compiles(NullsLast, "sqlite")
def _last_on_sqlite(element: NullsLast, _compiler: SQLCompiler, **_options: object) -> str:
    return "'9999-12-31'" if isinstance(element.type, Date) else "999999999999999"


class SortKey(ColumnElement[Any]):
    """The value that a column is sorted by: a generated column on PostgreSQL, an expression on SQLite."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], value: ColumnElement[Any]) -> None:
        self.column = column
        self.value = value
        self.type = value.type

    @override
    def get_children(self, **_options: object) -> list[ColumnElement[Any]]:
        return [self.column, self.value]


@compiles(SortKey, "postgresql")
def _key_on_postgresql(element: SortKey, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.column, **options)}_key"


@compiles(SortKey, "sqlite")
def _key_on_sqlite(element: SortKey, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.value, **options)


def sort_value(column: Any) -> ColumnElement[Any]:
    """Return the expression that a column is sorted by.

    Names sort regardless of the case of ASCII letters; missing dates and amounts sort last.
    """
    if isinstance(column.type, Name):
        return func.lower(column, type_=column.type)
    if column.nullable and isinstance(column.type, Date | Amount):
        return func.coalesce(column, NullsLast(column.type), type_=column.type)
    return column  # type: ignore[no-any-return]


def sort_key(column: Any) -> ColumnElement[Any]:
    """Return what to compare in order to sort by a column of a table, or of an alias of one."""
    column = getattr(column, "expression", column)
    table = getattr(column.table, "element", column.table)
    value = sort_value(column)
    return SortKey(column, value) if column.name in stored_sort_keys(table) else value


def stored_sort_keys(table: Table) -> Mapping[str, ColumnElement[Any]]:
    """Return the expressions that PostgreSQL stores in generated columns, by the names of the sorted ones."""
    keys: Mapping[str, ColumnElement[Any]] = table.info.get(_INFO_KEY, {})
    return keys


def list_index(name: str, *columns: Column[Any]) -> Index:
    """Index a list of one organization that is filtered by ``columns`` and sorted by the last of them.

    The id ends every order, so that no two rows are equal.
    """
    *filtered, last = columns
    table = last.table
    value = sort_value(last)
    if value is not last or isinstance(last.type, Amount):
        table.info.setdefault(_INFO_KEY, {})[last.name] = value
    return Index(name, table.c.organization_id, *filtered, sort_key(last), table.c.id)
