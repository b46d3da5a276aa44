"""The transaction that writes a row, and the oldest one that still runs, written for each database.

SQLite has one writer at a time, so there every row counts as written by the same transaction.
"""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement


class CurrentXid(ColumnElement[int]):
    """The number of the transaction that asks; later ones have higher numbers."""

    type = BigInteger()
    inherit_cache = True


class SnapshotXmin(ColumnElement[int]):
    """The lowest number of a transaction that may still write: all below it are committed or rolled back."""

    type = BigInteger()
    inherit_cache = True


@compiles(CurrentXid, "postgresql")
def _writing_on_postgresql(_element: CurrentXid, _compiler: Any, **_options: Any) -> str:
    return "pg_current_xact_id()::text::bigint"


@compiles(CurrentXid, "sqlite")
def _writing_on_sqlite(_element: CurrentXid, _compiler: Any, **_options: Any) -> str:
    return "0"


@compiles(SnapshotXmin, "postgresql")
def _oldest_on_postgresql(_element: SnapshotXmin, _compiler: Any, **_options: Any) -> str:
    return "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@compiles(SnapshotXmin, "sqlite")
def _oldest_on_sqlite(_element: SnapshotXmin, _compiler: Any, **_options: Any) -> str:
    return "1"
