"""Import the sales pipeline of another CRM from four CSV files.

The directory holds ``accounts.csv``, ``products.csv``, ``sales_teams.csv`` and ``sales_pipeline.csv``, each
with a header, in UTF-8, separated by commas. Amounts are in US dollars.

- Sales agents and their managers become users, regional offices contracting units, accounts accounts.
- Each row of the pipeline becomes an opportunity at its product's list price; its id becomes the external
  reference. Won and lost ones get a close activity by their agent. Lost ones have the status reason Canceled,
  because the files name no competitor. Engaging ones get an active quote, prospecting ones a draft, with one
  product line at list price and the number ``CRM-`` followed by the id.
- Existing rows stay unchanged: accounts and units of the same name, users of the same e-mail address,
  opportunities of the same external reference. Repeating an import changes nothing, and completes one that
  had only some of the rows.
- Rows with a known defect are corrected as ``Correction`` says. Invalid rows are rejected with a reason, and
  the others are imported.

The rows go to the oldest organization. In an empty database an organization with the name of the directory is
created; its first user, the default for new tokens, is the first manager in ``sales_teams.csv``.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlmodel import SQLModel

from db.importers.pipeline.records import read_pipeline
from db.importers.pipeline.writer import write_pipeline
from db.importers.report import ImportSummary
from db.sql.database import Database, Transaction
from db.sql.statements import Statement

# Without this, open connections keep plans that PostgreSQL made for empty tables.
_ANALYZE = Statement(text(f"ANALYZE {', '.join(table.name for table in SQLModel.metadata.sorted_tables)}"))


async def import_pipeline(
    database: Database,
    directory: Path,
    *,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportSummary:
    """Import the CSV files of a directory in one transaction, as the module's description says.

    ``now`` is the time of the import (UTC). ``progress`` is called with the number of opportunities done and
    in total; it starts again from zero if a concurrent write makes the transaction run again.

    Raises:
        ImportSourceError: a file is missing or invalid, or there is no sales agent; nothing was changed.
        Unavailable: the database is unreachable or too busy; nothing was changed.
    """
    pipeline = read_pipeline(directory, today=now.date())

    async def work(transaction: Transaction) -> ImportSummary:
        summary = await write_pipeline(transaction, pipeline, now=now, progress=progress)
        if database.dialect.name == "postgresql":
            await transaction.rows(_ANALYZE)
        return summary

    return await database.write(work)
