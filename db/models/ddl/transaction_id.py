"""The id of the current transaction, and the lowest id of those that still run.

SQLite has one writer at a time, so there all rows count as written by the same, committed transaction.
"""

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement


class CurrentXid(ColumnElement[int]):
    """The id of the current transaction; later ones have higher ids."""

    type = BigInteger()
    inherit_cache = True


class SnapshotXmin(ColumnElement[int]):
    """The lowest id of a transaction that may still write; all below it are committed or rolled back."""

    type = BigInteger()
    inherit_cache = True


@compiles(CurrentXid, "postgresql")
def _current_on_postgresql(_element: CurrentXid, _compiler: SQLCompiler, **_options: object) -> str:
    return "pg_current_xact_id()::text::bigint"


@compiles(CurrentXid, "sqlite")
def _current_on_sqlite(_element: CurrentXid, _compiler: SQLCompiler, **_options: object) -> str:
    return "0"


@compiles(SnapshotXmin, "postgresql")
def _lowest_on_postgresql(_element: SnapshotXmin, _compiler: SQLCompiler, **_options: object) -> str:
    return "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@compiles(SnapshotXmin, "sqlite")
def _lowest_on_sqlite(_element: SnapshotXmin, _compiler: SQLCompiler, **_options: object) -> str:
    return "1"
