"""Statements that SQLAlchemy compiles once and the database's own driver runs.

An ORM session costs two to four times a small query. So the rules and the read planner write SQLAlchemy
Core, and each statement is compiled once per dialect into the driver's SQL, the order of its parameters and
the conversions of its values.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Generic, Self, overload

from sqlalchemy import Dialect, bindparam, insert
from sqlalchemy.sql.base import Executable
from sqlalchemy.types import TypeEngine
from typing_extensions import TypeVar

from db.sql.tables import table_of

RowT = TypeVar("RowT", default=Any)
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class CompiledStatement(Generic[RowT]):
    """One statement in one dialect.

    ``parameters`` are name, fallback and encoder in the driver's order; ``row`` makes a row of the values
    that the driver returns.
    """

    sql: str
    parameters: Sequence[tuple[str, Any, Convert | None]]
    row: Callable[[Iterable[Any]], RowT]

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the driver's parameters in order; a missing value falls back to the statement's own."""
        return [
            encode(value) if encode is not None else value
            for name, default, encode in self.parameters
            for value in (values.get(name, default),)
        ]


class Statement(Generic[RowT]):
    """A SQLAlchemy Core statement, compiled for a dialect at its first use there.

    ``row_type`` is the type of its rows: a NamedTuple or a dataclass whose fields are named like the selected
    columns, in the same order. Without a type the rows are named tuples, untyped.

    Raises:
        TypeError: the fields of the row type are not the selected columns.
    """

    __slots__ = ("_compiled", "_construct", "_row_type")

    @overload
    def __init__(self: "Statement[Any]", construct: Executable) -> None: ...

    @overload
    def __init__(self, construct: Executable, row_type: type[RowT]) -> None: ...

    def __init__(self, construct: Executable, row_type: type[RowT] | None = None) -> None:
        if row_type is not None:
            _check_fields(row_type, construct)
        self._construct: Executable | None = construct
        self._row_type = row_type
        self._compiled: dict[str, CompiledStatement[RowT]] = {}

    @classmethod
    def compile_once(cls, dialect: Dialect, construct: Executable) -> Self:
        """Compile at once and keep nothing else: for statements that are made in numbers."""
        statement = cls(construct)
        statement.compiled(dialect)
        statement._construct = None
        return statement

    def compiled(self, dialect: Dialect) -> CompiledStatement[RowT]:
        """Return the statement as this dialect's driver takes it."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compile(self._construct, self._row_type, dialect)
        return found


def _compile(construct: Any, row_type: type[RowT] | None, dialect: Dialect) -> CompiledStatement[RowT]:
    compiled = construct.compile(dialect=dialect)
    native = dialect.name == "postgresql"  # asyncpg speaks UUID, Decimal, date and datetime itself
    return CompiledStatement(
        sql=str(compiled),
        parameters=[
            (name, compiled.params[name], None if native else _encoder(compiled.binds[name].type, dialect))
            for name in compiled.positiontup or ()
        ],
        row=_row_maker(construct, row_type, None if native else dialect),
    )


def _encoder(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _row_maker(
    construct: Executable, row_type: type[RowT] | None, dialect: Dialect | None
) -> Callable[[Iterable[Any]], RowT]:
    columns = _selected_columns(construct)
    row: Any = row_type or namedtuple("Row", [column.key for column in columns])  # noqa: PYI024 - its fields are data
    make: Callable[[Iterable[Any]], RowT] = getattr(row, "_make", None) or (lambda values: row(*values))
    if dialect is None:
        return make
    decoders = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]

    def decode(values: Iterable[Any]) -> RowT:
        return make(
            [each if read is None else read(each) for each, read in zip(values, decoders, strict=True)]
        )

    return decode


def _check_fields(row_type: type, construct: Executable) -> None:
    selected = [column.key for column in _selected_columns(construct)]
    if is_dataclass(row_type):
        declared = [field.name for field in fields(row_type)]
    else:
        declared = list(getattr(row_type, "_fields", ()))
    if declared != selected:
        raise TypeError(f"{row_type.__name__} has the fields {declared}, its statement selects {selected}.")


def _selected_columns(construct: Executable) -> list[Any]:
    return list(getattr(construct, "selected_columns", ()) or getattr(construct, "exported_columns", ()))


def insert_statement(table: Any) -> Statement:
    """Return a statement that inserts one row; its values are named like the columns.

    Columns that the database fills itself take none.
    """
    columns = [column for column in table_of(table).c if column.server_default is None]
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in columns}
    return Statement(insert(table).values(values))
