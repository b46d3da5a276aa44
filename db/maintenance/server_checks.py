"""Checks of a PostgreSQL server: durability, clock, time zones, enforced constraints and foreign keys."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, column, func, select, text
from sqlalchemy.sql.schema import ForeignKeyConstraint
from sqlmodel import SQLModel

from db.domain.time_zones import time_zone, time_zone_names
from db.maintenance.findings import Finding, fail, ok, warn
from db.sql.database import Database
from db.sql.statements import Statement

WARN_CLOCK_SKEW = timedelta(seconds=2)
FAIL_CLOCK_SKEW = timedelta(minutes=1)
"""From here on closing dates and expiry dates may be wrong."""

_DISABLED_DURABILITY_SETTINGS = Statement(
    text(
        "SELECT name FROM pg_settings"
        " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name"
    ).columns(column("name"))
)
COMPARED_YEARS = range(2000, 2031)

_LISTED_ZONES = 5

_LOCAL_TIMES = Statement(
    text("""
        SELECT name, instant, instant AT TIME ZONE name AS local
        FROM unnest(CAST(:instants AS timestamptz[])) AS instant, pg_timezone_names
        WHERE name = ANY(CAST(:zones AS text[]))
    """).columns(column("name"), column("instant"), column("local"))
)
_NOW = Statement(select(func.clock_timestamp().label("now")))
_NOT_ENFORCED = Statement(
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


async def check_server(database: Database) -> AsyncIterator[Finding]:
    """Yield the findings about the server's settings and the database's constraints."""
    yield await _check_durability(database)
    yield await _check_clock(database)
    yield await _check_time_zones(database)
    yield await _check_enforcement(database)
    yield await _check_references(database)


async def _check_durability(database: Database) -> Finding:
    disabled = [row.name for row in await database.rows(_DISABLED_DURABILITY_SETTINGS)]
    if disabled:
        return fail(
            f"PostgreSQL can lose acknowledged changes in a crash: {', '.join(disabled)} off.",
            "Turn these settings on.",
        )
    return ok("PostgreSQL stores every change before it acknowledges it.")


async def _check_clock(database: Database) -> Finding:
    before = datetime.now(UTC)
    [row] = await database.rows(_NOW)
    after = datetime.now(UTC)
    skew = max(before - row.now, row.now - after, timedelta())
    message = f"The clocks of this machine and of PostgreSQL differ by {skew.total_seconds():.1f} seconds."
    if skew < WARN_CLOCK_SKEW:
        return ok(message)
    return (fail if skew > FAIL_CLOCK_SKEW else warn)(message, "Synchronize both with a time server.")


async def _check_time_zones(database: Database) -> Finding:
    instants = [datetime(year, month, 1, tzinfo=UTC) for year in COMPARED_YEARS for month in (1, 7)]
    known = {
        (row.name, row.instant): row.local
        for row in await database.rows(_LOCAL_TIMES, zones=sorted(time_zone_names()), instants=instants)
    }
    different = [
        name
        for name in sorted(time_zone_names())
        if any(
            known.get((name, instant)) != instant.astimezone(time_zone(name)).replace(tzinfo=None)
            for instant in instants
        )
    ]
    if different:
        listed = ", ".join(different[:_LISTED_ZONES]) + (", ..." if different[_LISTED_ZONES:] else "")
        return warn(
            f"PostgreSQL reckons with another version of {len(different)} time zones: {listed}.",
            "Months in them may differ from those of the tzdata package: update PostgreSQL, or tzdata.",
        )
    return ok("PostgreSQL has the time zones of the tzdata package.")


async def _check_enforcement(database: Database) -> Finding:
    names = [row.name for row in await database.rows(_NOT_ENFORCED)]
    if names:
        return fail(
            f"PostgreSQL does not enforce, or not in all rows: {', '.join(names)}.",
            "Validate the constraints, enable the triggers, and rebuild the indexes with REINDEX.",
        )
    return ok("PostgreSQL enforces every constraint.")


async def _check_references(database: Database) -> Finding:
    orphans = [
        f"{constraint.name} ({row.found:,})"
        for table in SQLModel.metadata.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name))
        for row in await database.rows(_count_orphans(constraint))
        if row.found
    ]
    if orphans:
        return fail(
            f"Foreign keys point at missing rows: {', '.join(orphans)}.",
            "Restore a backup and look for the cause.",
        )
    return ok("Every foreign key resolves.")


def _count_orphans(constraint: ForeignKeyConstraint) -> Statement:
    parent = constraint.referred_table.alias("parent")
    pairs = [(each.parent, parent.c[each.column.name]) for each in constraint.elements]
    joined = constraint.table.outerjoin(parent, and_(*(child == other for child, other in pairs)))
    found = select(func.count().label("found")).select_from(joined)
    return Statement(found.where(pairs[0][1].is_(None), *(child.is_not(None) for child, _ in pairs)))
