"""What the rules promise, looked at in the rows themselves, whoever wrote them."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from sqlalchemy import column, func, select, text
from sqlmodel import col

from db import models
from db.maintenance.findings import Finding, fail, ok, warn
from db.sql.database import Database
from db.sql.statements import Statement

_AHEAD = timedelta(minutes=1)

_BROKEN = {
    "active quotes under closed opportunities": """
        SELECT count(*) AS found FROM quote JOIN opportunity
        ON opportunity.organization_id = quote.organization_id AND opportunity.id = quote.opportunity_id
        WHERE quote.state = 'ACTIVE' AND opportunity.state <> 'OPEN'""",
    "closed opportunities without the activity that closed them": """
        SELECT count(*) AS found FROM opportunity LEFT JOIN opportunity_close AS closing
        ON closing.organization_id = opportunity.organization_id AND closing.id = opportunity.close_id
        AND closing.opportunity_id = opportunity.id
        WHERE opportunity.state <> 'OPEN' AND closing.id IS NULL""",
    "open opportunities with an outcome": """
        SELECT count(*) AS found FROM opportunity WHERE state = 'OPEN' AND close_id IS NOT NULL""",
    "opportunities with more than one won quote": """
        SELECT count(*) AS found FROM (
          SELECT 1 FROM quote WHERE state = 'WON' GROUP BY organization_id, opportunity_id HAVING count(*) > 1
        ) AS doubled""",
}
"""What there must be none of."""


async def check_invariants(database: Database, now: datetime) -> AsyncIterator[Finding]:
    """Yield what is found in the rows of every organization."""
    broken = False
    for what, statement in _COUNTS.items():
        [row] = await database.rows(statement)
        if row.found:
            broken = True
            yield fail(f"There are {row.found:,} {what}.", "Restore a backup, and look for what wrote them.")
    if not broken:
        yield ok("Every rule of closing holds.")
    yield await _newest(database, now)


async def _newest(database: Database, now: datetime) -> Finding:
    [row] = await database.rows(_NEWEST)
    if row.at is not None and row.at > now + _AHEAD:
        return warn(
            f"The last change is of {row.at:%Y-%m-%d %H:%M:%S} UTC, which is yet to come.",
            "The clock was ahead, or is behind now: let it follow a time server.",
        )
    return ok("No change is later than now.")


_COUNTS = {what: Statement(text(sql).columns(column("found"))) for what, sql in _BROKEN.items()}
_NEWEST = Statement(select(func.max(col(models.Audit.at)).label("at")))
