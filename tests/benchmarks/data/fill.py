"""Insert the rows into a migrated, empty database."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg as dialect_of_asyncpg

from db.migrations.runner import migrate
from db.sql.statements import CompiledStatement, insert_statement
from db.sqlite.connection import connect
from tests.benchmarks.data.rows import TABLES, Rows, dataset
from tests.benchmarks.data.sizes import Size

_Insertions = Mapping[type[Any], CompiledStatement]


async def fill_postgres(url: str, size: Size) -> None:
    """Migrate an empty PostgreSQL database and copy the rows in."""
    await migrate(url)
    inserts = _insertions(dialect_of_asyncpg.dialect())  # type: ignore[no-untyped-call]
    # Checking foreign keys takes hours without statistics; a test checks them on a small data set.
    connection = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"})
    try:
        async with connection.transaction():
            for batch in dataset(size):
                await _copy(connection, inserts, batch)
        await connection.execute("VACUUM (ANALYZE, FREEZE)")
    finally:
        await connection.close()


async def fill_sqlite(path: Path, size: Size) -> None:
    """Migrate an empty SQLite file and insert the rows."""
    await migrate(f"sqlite:///{path}")
    inserts = _insertions(sqlite.dialect())
    connection = connect(str(path))
    try:
        connection.execute("BEGIN")
        for batch in dataset(size):
            for table, rows in batch.items():
                connection.executemany(inserts[table].sql, map(inserts[table].bind, rows))
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


async def _copy(connection: Any, inserts: _Insertions, batch: Rows) -> None:
    for table, rows in batch.items():
        columns = [name for name, _default, _encoder in inserts[table].parameters]
        records = map(inserts[table].bind, rows)
        await connection.copy_records_to_table(table.__tablename__, records=records, columns=columns)


def _insertions(dialect: Dialect) -> _Insertions:
    return {table: insert_statement(table).compiled(dialect) for table in TABLES}
