"""Statements that SQLAlchemy compiles once and the database's own driver runs.

An ORM session takes two to four times as long as a small query. So the rules and the read planner use
SQLAlchemy Core, and each statement is compiled once per dialect into the driver's SQL, the order of its
parameters and the conversions of its values.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Generic, Self, overload

from sqlalchemy import Dialect, bindparam, insert
from sqlalchemy.sql.base import Executable
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel
from typing_extensions import TypeVar

from db.sql.tables import table_of

RowT = TypeVar("RowT", default=Any)
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class CompiledStatement(Generic[RowT]):
    """One statement in one dialect.

    ``parameters`` are name, default and encoder, in the driver's order. ``row`` constructs a row from the
    values that the driver returns.
    """

    sql: str
    parameters: Sequence[tuple[str, Any, Convert | None]]
    row: Callable[[Iterable[Any]], RowT]

    def bind(self, values: Mapping[str, object]) -> list[object]:
        """Return the values of the parameters, in the driver's order."""
        return [
            encode(values.get(name, default)) if encode is not None else values.get(name, default)
            for name, default, encode in self.parameters
        ]


class Statement(Generic[RowT]):
    """A SQLAlchemy Core statement, compiled for a dialect at its first use there.

    ``row_type`` is the type of its rows: a NamedTuple or a dataclass whose fields are the selected columns,
    in the same order. Without it, the rows are named tuples of no static type.

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
        """Return a statement that is compiled now and keeps nothing else, to save memory."""
        statement = cls(construct)
        statement.compiled(dialect)
        statement._construct = None
        return statement

    def compiled(self, dialect: Dialect) -> CompiledStatement[RowT]:
        """Return the statement compiled for a dialect."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compile(self._construct, self._row_type, dialect)
        return found


def _compile(construct: Any, row_type: type[RowT] | None, dialect: Dialect) -> CompiledStatement[RowT]:
    compiled = construct.compile(dialect=dialect)
    native = dialect.name == "postgresql"  # asyncpg converts UUID, Decimal, date and datetime itself
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
    row: Any = row_type or namedtuple("Row", [column.key for column in columns])  # noqa: PYI024 - it has no static type
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


def insert_statement(model: type[SQLModel]) -> Statement:
    """Return a statement that inserts one row; each column without a server default is a parameter."""
    table = table_of(model)
    columns = [column.name for column in table.c if column.server_default is None]
    return Statement(insert(table).inline().values({name: bindparam(name) for name in columns}))
