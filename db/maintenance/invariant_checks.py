"""Checks of the closing rules in the stored rows, whatever program wrote them."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Date, column, func, literal, or_, select, text
from sqlmodel import SQLModel, col

from db import models
from db.domain.validation import MAX_DATE, MIN_DATE
from db.maintenance.findings import Finding, fail, ok, warn
from db.sql.column_types import Instant
from db.sql.database import Database
from db.sql.statements import Statement

_TOLERATED_CLOCK_SKEW = timedelta(minutes=1)


def _is_out_of_range(stored: Column[Any]) -> ColumnElement[bool]:
    first: date = MIN_DATE
    end: date = MAX_DATE + timedelta(days=1)
    if isinstance(stored.type, Instant):
        first, end = (datetime.combine(day, time.min, UTC) for day in (first, end))
    return or_(stored < literal(first, stored.type), stored >= literal(end, stored.type))


_VIOLATIONS = {
    "active quotes under closed opportunities": """
        SELECT count(*) AS found FROM quote JOIN opportunity
        ON opportunity.organization_id = quote.organization_id AND opportunity.id = quote.opportunity_id
        WHERE quote.state = 'ACTIVE' AND opportunity.state <> 'OPEN'""",
    "closed opportunities without a close activity": """
        SELECT count(*) AS found FROM opportunity LEFT JOIN opportunity_close AS closing
        ON closing.organization_id = opportunity.organization_id AND closing.id = opportunity.close_id
        AND closing.opportunity_id = opportunity.id
        WHERE opportunity.state <> 'OPEN' AND closing.id IS NULL""",
    "open opportunities with a close activity": """
        SELECT count(*) AS found FROM opportunity WHERE state = 'OPEN' AND close_id IS NOT NULL""",
    "opportunities with more than one won quote": """
        SELECT count(*) AS found FROM (
          SELECT 1 FROM quote WHERE state = 'WON' GROUP BY organization_id, opportunity_id HAVING count(*) > 1
        ) AS doubled""",
}
_COUNTS = {what: Statement(text(sql).columns(column("found"))) for what, sql in _VIOLATIONS.items()}
_COUNTS |= {
    f"values of {table.name}.{each.name} that are not from {MIN_DATE} to {MAX_DATE}": Statement(
        select(func.count().label("found")).select_from(table).where(_is_out_of_range(each))
    )
    for table in SQLModel.metadata.sorted_tables
    for each in table.columns
    if isinstance(each.type, Date | Instant)
}
_NEWEST_CHANGE = Statement(select(func.max(col(models.Audit.at)).label("at")))


async def check_invariants(database: Database, now: datetime) -> AsyncIterator[Finding]:
    """Yield the findings about the rows of all organizations; ``now`` is in UTC."""
    is_violated = False
    for what, statement in _COUNTS.items():
        [row] = await database.rows(statement)
        if row.found:
            is_violated = True
            yield fail(
                f"There are {row.found:,} {what}.",
                "Correct them or restore a backup, and find out what wrote them.",
            )
    if not is_violated:
        yield ok("The closing rules hold in every row.")
    [newest] = await database.rows(_NEWEST_CHANGE)
    if newest.at is not None and newest.at > now + _TOLERATED_CLOCK_SKEW:
        yield warn(
            f"The newest change is dated {newest.at:%Y-%m-%d %H:%M:%S} UTC, which is in the future.",
            "The clock was ahead, or is behind now: synchronize it with a time server.",
        )
    else:
        yield ok("No change is dated in the future.")
