"""The generated total of a line."""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement

from db.sql.column_types import Amount


class LineTotal(ColumnElement[Any]):
    """Quantity times unit price, rounded half up to two places.

    On SQLite both factors are whole hundredths, so their product is in ten-thousandths.
    """

    type = Amount()
    inherit_cache = True


@compiles(LineTotal, "postgresql")
def _on_postgresql(_element: LineTotal, _compiler: SQLCompiler, **_options: object) -> str:
    return "round(quantity * unit_price, 2)"


@compiles(LineTotal, "sqlite")
def _on_sqlite(_element: LineTotal, _compiler: SQLCompiler, **_options: object) -> str:
    return "(quantity * unit_price + 50) / 100"
