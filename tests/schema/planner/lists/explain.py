"""What the databases' EXPLAIN says about planned statements."""

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from db.connect import POSTGRES_SCHEMES, sqlite_path
from db.postgres.tenant_role import CALLER_ROLE, ORGANIZATION_SETTING
from db.sql.statements import CompiledStatement

_SEARCH = re.compile(r"SEARCH \w+ USING (?:COVERING )?INDEX (\w+) \((.*)\)")


@dataclass(frozen=True, slots=True)
class Access:
    """How the rows of a page are read: by which index, and whether they are sorted afterwards.

    ``is_bounded`` says that only a part of the organization's rows in the index is read.
    """

    index: str
    is_bounded: bool
    is_sorted: bool


async def analyze(url: str) -> None:
    """Update the statistics of the database, which it would do by itself after some time."""
    if url.startswith(POSTGRES_SCHEMES):
        async with _connected(url) as connection:
            await connection.execute("ANALYZE")
    else:
        with closing(sqlite3.connect(sqlite_path(url))) as connection:
            connection.execute("ANALYZE")


async def accesses(url: str, compiled: CompiledStatement, values: Mapping[str, Any]) -> list[Access]:
    """Return how the only table of a statement is read, in each plan that the database may choose.

    PostgreSQL has a custom plan for these values, and a generic one that it may use after some executions.
    """
    if url.startswith(POSTGRES_SCHEMES):
        return await _on_postgresql(url, compiled.sql, compiled.bind(values), values["organization"])
    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.bind(values))
        lines = [detail for *_, detail in rows]
    [(index, condition)] = [match.groups() for match in map(_SEARCH.match, lines) if match]
    return [Access(index, " AND " in condition, any("TEMP B-TREE" in line for line in lines))]


async def columns_read(url: str, compiled: CompiledStatement, values: Mapping[str, Any]) -> set[str]:
    """Return the columns that a statement reads from its tables: ``{"quote.number", ...}``.

    SQLite also names columns that only restrict rows. PostgreSQL names a column "NULL::text" if the statement
    selects it in a subquery and never uses it.
    """
    if url.startswith(POSTGRES_SCHEMES):
        async with _connected(url) as connection:
            query = f"EXPLAIN (VERBOSE, FORMAT JSON) {compiled.sql}"
            plan = await connection.fetchval(query, *compiled.bind(values))
        scans = [node for node in _nodes(json.loads(plan)[0]["Plan"]) if "Relation Name" in node]
        return {
            output.replace(f"{scan['Alias']}.", f"{scan['Relation Name']}.")
            for scan in scans
            for output in scan["Output"]
        }
    columns = set()

    def authorize(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ:
            columns.add(f"{table}.{column}")
        return sqlite3.SQLITE_OK

    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        connection.set_authorizer(authorize)
        connection.execute(f"EXPLAIN {compiled.sql}", compiled.bind(values))
    return columns


async def _on_postgresql(url: str, sql: str, parameters: list[Any], organization_id: UUID) -> list[Access]:
    literals = ", ".join(f"'{parameter}'" for parameter in parameters)
    async with _connected(url) as connection:
        await connection.execute(f"SET ROLE {CALLER_ROLE}; SET {ORGANIZATION_SETTING} = '{organization_id}'")
        await connection.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE page AS {sql}")
        plans = [
            await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *parameters),
            await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE page({literals})"),
        ]
    return [_access(list(_nodes(json.loads(plan)[0]["Plan"]))) for plan in plans]


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _access(nodes: list[Any]) -> Access:
    [scan] = [node for node in nodes if "Relation Name" in node]
    is_sorted = any("Sort" in node["Node Type"] for node in nodes)
    return Access(scan.get("Index Name", ""), " AND " in scan.get("Index Cond", ""), is_sorted)
