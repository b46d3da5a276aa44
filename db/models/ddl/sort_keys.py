"""What lists are sorted by: one value a column, the same in an index and in a query.

PostgreSQL stores the value beside its column, in one that ends in ``_key``, where a list is sorted by it.
Where rows are hidden, an index bounds what is read only if the comparison can't tell of a hidden row, as by
an error: of plain columns of texts, dates and floats PostgreSQL is sure of that, of functions and decimals
it is not. SQLite indexes the expression itself.
"""

from typing import Any

from sqlalchemy import Date, Index, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine
from typing_extensions import override

from db.sql.column_types import Amount, Name


class NullsLast(ColumnElement[Any]):
    """A value that sorts after every real one of its type; stands for "no value"."""

    inherit_cache = False

    def __init__(self, of: TypeEngine[Any]) -> None:
        self.type = of


@compiles(NullsLast, "postgresql")
def _last_on_postgresql(element: NullsLast, _compiler: Any, **_options: Any) -> str:
    return "'9999-12-31'::date" if isinstance(element.type, Date) else "9999999999999.99"


@compiles(NullsLast, "sqlite")
def _last_on_sqlite(element: NullsLast, _compiler: Any, **_options: Any) -> str:
    return "'9999-12-31'" if isinstance(element.type, Date) else "999999999999999"


class SortKey(ColumnElement[Any]):
    """The value that a column is sorted by, as it is compared."""

    inherit_cache = False

    def __init__(self, column: Any, value: ColumnElement[Any]) -> None:
        self.column = column
        self.value = value
        self.type = value.type

    @override
    def get_children(self, **_options: Any) -> list[ColumnElement[Any]]:
        return [self.column, self.value]


@compiles(SortKey, "postgresql")
def _key_on_postgresql(element: SortKey, compiler: Any, **options: Any) -> str:
    return f"{compiler.process(element.column, **options)}_key"


@compiles(SortKey, "sqlite")
def _key_on_sqlite(element: SortKey, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.value, **options))


def sort_value(column: Any) -> ColumnElement[Any]:
    """Return the value that a column is sorted by.

    Names sort without regard to the case of ASCII letters; a missing date or amount sorts after all others.
    """
    if isinstance(column.type, Name):
        return func.lower(column, type_=column.type)
    if column.nullable and isinstance(column.type, Date | Amount):
        return func.coalesce(column, NullsLast(column.type), type_=column.type)
    return column  # type: ignore[no-any-return]


def sort_key(column: Any) -> ColumnElement[Any]:
    """Return what is compared to sort by a column of a table, or of an alias of one."""
    column = getattr(column, "expression", column)
    table = getattr(column.table, "element", column.table)
    value = sort_value(column)
    return SortKey(column, value) if column.name in table.info.get(_STORED, ()) else value


def list_index(name: str, *columns: Any) -> Index:
    """Index a list of one organization, narrowed by ``columns`` and sorted by the last of them.

    The id ends every order, so that no two rows are equal.
    """
    table = columns[0].table
    *narrowed, last = columns
    value = sort_value(last)
    if value is not last or isinstance(last.type, Amount):
        table.info.setdefault(_STORED, {})[last.name] = value
    return Index(name, table.c.organization_id, *narrowed, sort_key(last), table.c.id)


_STORED = "sort keys"


@compiles(CreateTable, "postgresql")
def _with_stored_keys(element: CreateTable, compiler: Any, **options: Any) -> str:
    statement = compiler.visit_create_table(element, **options).rstrip()
    stored = element.element.info.get(_STORED, {})
    keys = [_stored(column, value, compiler) for column, value in stored.items()]
    return ", ".join([statement.removesuffix(")"), *keys]) + ")"


def _stored(column: str, value: ColumnElement[Any], compiler: Any) -> str:
    spelled = compiler.sql_compiler.process(value, include_table=False, literal_binds=True)
    return f"{column}_key {_stored_type(value.type)} GENERATED ALWAYS AS ({spelled}) STORED"


def _stored_type(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, Date):
        return "date"
    # Fifteen digits, which amounts have at most, are exact as a float.
    return "double precision" if isinstance(type_, Amount) else 'text COLLATE "C"'
