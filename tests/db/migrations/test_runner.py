import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable
from sqlmodel import SQLModel

from db import models
from db.connect import POSTGRES_SCHEMES, sqlite_path
from db.domain.errors import Unavailable
from db.migrations.runner import is_current, migrate, revert
from db.sqlite.connection import connect
from tests.db.models import ddl
from tests.postgres import PostgresServer

TABLES = SQLModel.metadata.sorted_tables


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
    else:
        with request.getfixturevalue("postgresql_server").database("empty") as url:
            yield url


def test_every_table_is_exported_by_models() -> None:
    assert {table.name for table in TABLES} == {
        getattr(models, name).__tablename__ for name in models.__all__
    }


async def test_on_postgresql_migrations_and_models_define_the_same_tables(
    postgresql_url: str, postgresql_server: PostgresServer
) -> None:
    with postgresql_server.database("of_models") as url:
        await _create_postgresql_of_models(url)
        assert await _postgresql_catalog(postgresql_url) == await _postgresql_catalog(url)


def test_on_sqlite_migrations_and_models_define_the_same_tables(sqlite_url: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/of_models.db"
    _create_sqlite_of_models(url)
    assert _sqlite_catalog(sqlite_url) == _sqlite_catalog(url)


def test_on_sqlite_no_foreign_key_of_the_models_is_lost(sqlite_url: str) -> None:
    assert _stored_foreign_keys(sqlite_url) == {
        table.name: {
            tuple((key.column.table.name, key.parent.name, key.column.name) for key in constraint.elements)
            for constraint in table.foreign_key_constraints
        }
        for table in TABLES
    }


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = await _catalog(database_url)
    await migrate(database_url)
    assert await _catalog(database_url) == before


async def test_reverting_leaves_nothing(database_url: str) -> None:
    await revert(database_url)
    assert await _catalog(database_url) == set()


async def test_reverted_migrations_can_be_repeated(database_url: str) -> None:
    before = await _catalog(database_url)
    await revert(database_url)
    await migrate(database_url)
    assert await _catalog(database_url) == before


async def test_a_failing_migration_changes_nothing(empty_url: str) -> None:
    await _execute(empty_url, "CREATE TABLE event (of_somebody_else text)")
    before = await _catalog(empty_url)
    with pytest.raises(Unavailable, match=r'"?event"? already exists'):
        await migrate(empty_url)
    assert await _catalog(empty_url) == before


async def test_concurrent_migrations_all_succeed(empty_url: str) -> None:
    program = (
        "import asyncio, sys; from db.migrations.runner import migrate; asyncio.run(migrate(sys.argv[1]))"
    )
    programs = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, empty_url) for _ in range(2)
    ]
    async with asyncio.timeout(60):
        assert await asyncio.gather(*(each.wait() for each in programs)) == [0, 0]
    assert await is_current(empty_url)


async def test_an_empty_database_is_not_current(empty_url: str) -> None:
    assert not await is_current(empty_url)


async def test_a_migrated_database_is_current(database_url: str) -> None:
    assert await is_current(database_url)


async def test_a_database_without_the_last_migration_is_not_current(database_url: str) -> None:
    await _execute(database_url, "UPDATE alembic_version SET version_num = '0003'")
    assert not await is_current(database_url)


@pytest.mark.parametrize(
    "url",
    ["postgresql://127.0.0.1:1/nowhere", "sqlite:////nowhere/dealdesk.db"],
    ids=["postgresql", "sqlite"],
)
async def test_a_missing_database_is_unavailable(url: str) -> None:
    with pytest.raises(Unavailable):
        await migrate(url)


async def _create_postgresql_of_models(url: str) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )
    async with engine.begin() as connection:
        await connection.run_sync(_create_tables)


def _create_sqlite_of_models(url: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        _create_tables(connection)


def _create_tables(connection: Connection) -> None:
    """Do what create_all does, which on SQLite leaves out the foreign key that closes a circle."""
    is_postgresql = connection.dialect.name == "postgresql"
    for table in TABLES:
        connection.execute(CreateTable(table))
        for statement in ddl.sort_key_columns(table) if is_postgresql else ():
            connection.exec_driver_sql(statement)
        for index in table.indexes:
            connection.execute(CreateIndex(index))
    for key in (key for table in TABLES for key in table.foreign_key_constraints if key.use_alter):
        if connection.dialect.supports_alter:
            connection.execute(AddConstraint(key, isolate_from_table=False))
    security = ddl.row_security(SQLModel.metadata)
    for statement in (*ddl.POSTGRESQL, *security) if is_postgresql else ddl.SQLITE:
        connection.exec_driver_sql(statement)


async def _catalog(url: str) -> set[Any]:
    return await _postgresql_catalog(url) if url.startswith(POSTGRES_SCHEMES) else _sqlite_catalog(url)


async def _postgresql_catalog(url: str) -> set[Any]:
    """Every column, constraint, index, trigger and function, each as PostgreSQL itself would write it."""
    connection = await asyncpg.connect(url)
    try:
        return set(await connection.fetch(POSTGRESQL_CATALOG))
    finally:
        await connection.close()


POSTGRESQL_CATALOG = """
WITH ours AS (
  SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
)
SELECT relname, attname AS name,
  concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, collname, attidentity, attgenerated,
            pg_get_expr(adbin, adrelid)) AS definition
FROM ours
JOIN pg_attribute a ON attrelid = ours.oid AND attnum > 0
LEFT JOIN pg_collation c ON c.oid = attcollation
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL
SELECT relname, conname, pg_get_constraintdef(c.oid) FROM ours JOIN pg_constraint c ON conrelid = ours.oid
UNION ALL
SELECT relname, '', pg_get_indexdef(oid) FROM ours WHERE relkind = 'i'
UNION ALL
SELECT relname, tgname, pg_get_triggerdef(t.oid)
FROM ours JOIN pg_trigger t ON tgrelid = ours.oid AND NOT tgisinternal
UNION ALL
SELECT relname, 'row security', concat_ws(' ', relrowsecurity, relforcerowsecurity) FROM ours
UNION ALL
SELECT relname, polname, concat_ws(' ', polroles::regrole[], polcmd, polpermissive,
  pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
FROM ours JOIN pg_policy ON polrelid = ours.oid
UNION ALL
SELECT relname, '', concat_ws(' ', grantee::regrole, privilege_type) FROM ours CROSS JOIN aclexplode(relacl)
UNION ALL
SELECT relname, attname, concat_ws(' ', grantee::regrole, privilege_type)
FROM ours JOIN pg_attribute a ON attrelid = ours.oid CROSS JOIN aclexplode(attacl)
UNION ALL
SELECT proname, '', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


def _sqlite_catalog(url: str) -> set[Any]:
    """Every line of every definition: SQLAlchemy writes a column or constraint a line."""
    with closing(connect(str(sqlite_path(url)))) as connection:
        definitions = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE tbl_name <> 'alembic_version' AND sql IS NOT NULL"
        ).fetchall()
    return {(name, line.strip().rstrip(",")) for name, sql in definitions for line in sql.splitlines()}


def _stored_foreign_keys(url: str) -> dict[str, set[Any]]:
    stored: dict[str, dict[int, list[Any]]] = {table.name: defaultdict(list) for table in TABLES}
    with closing(connect(str(sqlite_path(url)))) as connection:
        for table, keys in stored.items():
            for number, _, *key in connection.execute(f"PRAGMA foreign_key_list({table})"):
                keys[number].append(tuple(key[:3]))
    return {table: set(map(tuple, keys.values())) for table, keys in stored.items()}


async def _execute(url: str, statement: str) -> None:
    if url.startswith(POSTGRES_SCHEMES):
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()
    else:
        with closing(connect(str(sqlite_path(url)))) as sqlite:
            sqlite.execute(statement)


async def test_a_database_of_another_encoding_is_refused_and_left_empty(
    postgresql_server: PostgresServer,
) -> None:
    postgresql_server.execute("CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        url = postgresql_server.url("latin1")
        for run in (migrate, is_current):
            with pytest.raises(
                Unavailable, match=r"encoding is LATIN1.* Create a database with ENCODING 'UTF8'"
            ):
                await run(url)
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        await connection.close()
    finally:
        postgresql_server.execute("DROP DATABASE latin1")
