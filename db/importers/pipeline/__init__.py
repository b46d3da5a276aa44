"""Importing the pipeline of another CRM from four CSV files.

What is read: ``accounts.csv``, ``products.csv``, ``sales_teams.csv`` and ``sales_pipeline.csv``, each with a
header, in UTF-8, comma-separated; amounts are in US dollars.

What becomes of it:

- Agents and their managers are users, regional offices contracting units, accounts accounts.
- Every deal is an opportunity at its product's list price, and its id becomes the external reference. Won and
  lost deals have their close activity, recorded by their agent; a lost one has the reason Canceled, because
  the files name no competitor. An engaging deal has one active quote and a prospecting one a draft, with one
  product line at list price and the number ``CRM-`` and the deal's id.
- What is there already stays as it is: accounts and units of the same name, users of the same e-mail address,
  opportunities of the same external reference. So a second import changes nothing, and one after a part of
  the files lands the rest.
- What is odd but clear lands by the rules of ``Correction``. A row that can't land is refused with its
  reason, and the rest lands.

All of it is one transaction in the served organization. An empty database first gets an organization that is
named after the directory; its first user, on whose behalf the server then answers, is the first manager named
in ``sales_teams.csv``.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlmodel import SQLModel

from db.importers.pipeline.csv_reader import ImportSourceError
from db.importers.pipeline.parser import read_pipeline
from db.importers.pipeline.report import Correction, EntityKind, ImportSummary, RejectedRow
from db.importers.pipeline.writer import write_pipeline
from db.sql.database import Database, Transaction
from db.sql.statements import Statement

__all__ = ["Correction", "EntityKind", "ImportSourceError", "ImportSummary", "RejectedRow", "import_pipeline"]


async def import_pipeline(
    database: Database,
    directory: Path,
    *,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> ImportSummary:
    """Import the CSV files of a directory in one transaction, as the package's description says.

    ``now`` is the moment of the import (UTC). ``progress`` is told how many deals are done, of how many; it
    starts over when a concurrent write makes the transaction run again.

    Raises:
        ImportUnreadable: a file is missing, is no such table, or there is no agent; nothing was changed.
        Unavailable: the database was not reached or kept being changed meanwhile; nothing was changed.
    """
    pipeline = read_pipeline(directory, today=now.date())

    async def work(transaction: Transaction) -> ImportSummary:
        summary = await write_pipeline(transaction, pipeline, now=now, progress=progress or _silent)
        if database.dialect.name == "postgresql":
            await transaction.rows(_COUNT_ANEW)
        return summary

    return await database.write(work)


# Connections keep the plans that they have made: those made for empty tables would suit no import.
_COUNT_ANEW = Statement(text(f"ANALYZE {', '.join(table.name for table in SQLModel.metadata.sorted_tables)}"))


def _silent(_done: int, _total: int) -> None:
    """Report to nobody."""
