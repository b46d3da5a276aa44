"""What lists are sorted by: one expression a column, the same in an index and in a query."""

from typing import Any

from sqlalchemy import Date, Index, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from db.types import Amount, Name


class AfterAll(ColumnElement[Any]):
    """A value that sorts after every real one of its type; stands for "no value"."""

    inherit_cache = False

    def __init__(self, of: TypeEngine[Any]) -> None:
        self.type = of


@compiles(AfterAll, "postgresql")
def _on_postgresql(element: AfterAll, _compiler: Any, **_options: Any) -> str:
    return "'9999-12-31'::date" if isinstance(element.type, Date) else "9999999999999.99"


@compiles(AfterAll, "sqlite")
def _on_sqlite(element: AfterAll, _compiler: Any, **_options: Any) -> str:
    return "'9999-12-31'" if isinstance(element.type, Date) else "999999999999999"


def sort_key(column: Any) -> ColumnElement[Any]:
    """Return the expression that a column is sorted by.

    Names sort without regard to the case of ASCII letters; a missing date or amount sorts after all others.
    """
    if isinstance(column.type, Name):
        return func.lower(column, type_=column.type)
    if column.nullable and isinstance(column.type, Date | Amount):
        return func.coalesce(column, AfterAll(column.type), type_=column.type)
    return column  # type: ignore[no-any-return]


def list_index(name: str, *columns: Any) -> Index:
    """Index a list of one organization, narrowed by ``columns`` and sorted by the last of them.

    The id ends every order, so that no two rows are equal.
    """
    table = columns[0].table
    *narrowed, last = columns
    return Index(name, table.c.organization_id, *narrowed, sort_key(last), table.c.id)
