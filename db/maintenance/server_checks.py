"""PostgreSQL: whether it keeps what it promised, checks all that it is told to, and has the right time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, column, func, select, text
from sqlalchemy.sql.schema import ForeignKeyConstraint
from sqlmodel import SQLModel

from db.maintenance.findings import Finding, fail, ok, warn
from db.sql.database import Database
from db.sql.statements import Statement

NOTICEABLE = timedelta(seconds=2)
WRONG = timedelta(minutes=1)
"""How far two clocks are apart when somebody notices, and when days and expiries are wrong."""


async def check_server(database: Database) -> AsyncIterator[Finding]:
    """Yield what is found in the database and in the server's settings."""
    yield await _durability(database)
    yield await _clock(database)
    yield await _unchecked(database)
    yield await _references(database)


async def _durability(database: Database) -> Finding:
    off = [row.name for row in await database.rows(_SWITCHED_OFF)]
    if off:
        return fail(f"PostgreSQL loses acknowledged changes in a crash: {', '.join(off)}.", "Set it to `on`.")
    return ok("PostgreSQL has saved what it acknowledges.")


async def _clock(database: Database) -> Finding:
    before = datetime.now(UTC)
    [row] = await database.rows(_NOW)
    after = datetime.now(UTC)
    apart = max(before - row.now, row.now - after, timedelta())
    what = f"The clocks here and of PostgreSQL are {apart.total_seconds():.1f} seconds apart."
    if apart < NOTICEABLE:
        return ok(what)
    return (fail if apart > WRONG else warn)(what, "Let both follow a time server.")


async def _unchecked(database: Database) -> Finding:
    names = [row.name for row in await database.rows(_UNCHECKED)]
    if names:
        return fail(
            f"PostgreSQL does not check, or not all rows of: {', '.join(names)}.",
            "Somebody changed the tables: validate or enable these again, or rebuild an index with REINDEX.",
        )
    return ok("PostgreSQL checks every constraint.")


async def _references(database: Database) -> Finding:
    dangling = [
        f"{constraint.name} ({row.found:,})"
        for table in SQLModel.metadata.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name))
        for row in await database.rows(_dangling(constraint))
        if row.found
    ]
    if dangling:
        return fail(
            f"References lead nowhere: {', '.join(dangling)}.", "Restore a dump, and look for the cause."
        )
    return ok("Every reference leads somewhere.")


def _dangling(constraint: ForeignKeyConstraint) -> Statement:
    parent: Any = constraint.referred_table.alias("parent")
    pairs = [(each.parent, parent.c[each.column.name]) for each in constraint.elements]
    together = constraint.table.outerjoin(parent, and_(*(child == other for child, other in pairs)))
    found = select(func.count().label("found")).select_from(together)
    return Statement(found.where(pairs[0][1].is_(None), *(child.is_not(None) for child, _ in pairs)))


_NOW = Statement(select(func.clock_timestamp().label("now")))
_SWITCHED_OFF = Statement(
    text(
        "SELECT name FROM pg_settings"
        " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name"
    ).columns(column("name"))
)
_UNCHECKED = Statement(
    text("""
        SELECT conname::text AS name FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace AND NOT convalidated
        UNION ALL
        SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relnamespace = current_schema()::regnamespace AND NOT indisvalid
        UNION ALL
        SELECT DISTINCT 'triggers of ' || tgrelid::regclass
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = current_schema()::regnamespace AND tgenabled = 'D'
        ORDER BY 1
    """).columns(column("name"))
)
