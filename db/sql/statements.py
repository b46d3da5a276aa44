"""Statements that SQLAlchemy compiles once and the database's own driver runs.

An ORM session costs two to four times a small query. So the rules and the read planner write SQLAlchemy
Core, and each statement is compiled once per dialect into the driver's SQL, the order of its parameters and
the conversions of its values.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, bindparam, insert
from sqlalchemy.sql.base import Executable
from sqlalchemy.types import TypeEngine

from db.sql.tables import table_of

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """One statement in one dialect.

    ``parameters`` are name, fallback and encoder in the driver's order; ``row`` makes a named tuple of what
    the driver returns.
    """

    sql: str
    parameters: Sequence[tuple[str, Any, Convert | None]]
    row: Callable[[Iterable[Any]], Any]

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the driver's parameters in order; a missing value falls back to the statement's own."""
        return [
            encode(value) if encode is not None else value
            for name, default, encode in self.parameters
            for value in (values.get(name, default),)
        ]


class Statement:
    """A SQLAlchemy Core statement, compiled for a dialect at its first use there."""

    __slots__ = ("_compiled", "_construct", "is_insertion")

    def __init__(self, construct: Executable, *, is_insertion: bool = False) -> None:
        self.is_insertion = is_insertion
        self._construct: Executable | None = construct
        self._compiled: dict[str, CompiledStatement] = {}

    @classmethod
    def compile_once(cls, dialect: Dialect, construct: Executable) -> "Statement":
        """Compile at once and keep nothing else: for statements that are made in numbers."""
        statement = cls(construct)
        statement.compiled(dialect)
        statement._construct = None
        return statement

    def compiled(self, dialect: Dialect) -> CompiledStatement:
        """Return the statement as this dialect's driver takes it."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compile(self._construct, dialect)
        return found


def _compile(construct: Any, dialect: Dialect) -> CompiledStatement:
    compiled = construct.compile(dialect=dialect)
    native = dialect.name == "postgresql"  # asyncpg speaks UUID, Decimal, date and datetime itself
    return CompiledStatement(
        sql=str(compiled),
        parameters=[
            (name, compiled.params[name], None if native else _encoder(compiled.binds[name].type, dialect))
            for name in compiled.positiontup or ()
        ],
        row=_row_maker(construct, None if native else dialect),
    )


def _encoder(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _row_maker(construct: Any, dialect: Dialect | None) -> Callable[[Iterable[Any]], Any]:
    columns = list(getattr(construct, "selected_columns", ()) or getattr(construct, "exported_columns", ()))
    row: Any = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc] # noqa: PYI024 - its fields are data
    make: Callable[[Iterable[Any]], Any] = row._make
    if dialect is None:
        return make
    decoders = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]

    def decode(values: Iterable[Any]) -> Any:
        return make(
            [each if read is None else read(each) for each, read in zip(values, decoders, strict=True)]
        )

    return decode


def insert_statement(table: Any) -> Statement:
    """Return a statement that inserts one row; its values are named like the columns.

    Columns that the database fills itself take none.
    """
    columns = [column for column in table_of(table).c if column.server_default is None]
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in columns}
    return Statement(insert(table).values(values), is_insertion=True)
