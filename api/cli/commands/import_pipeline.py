"""Bringing in what another system holds."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from api.cli.runtime.database import open_migrated, run
from api.cli.runtime.import_report import progress_bar, report
from api.settings import Settings
from db.importers.pipeline.importer import import_pipeline
from db.importers.report import ImportSummary

SOME_ROWS_REFUSED = 3
"""The exit status of an import that landed without some rows; 1 means that nothing was changed."""

imports = typer.Typer(help="Bring in what another system holds.", no_args_is_help=True)


@imports.command()
def pipeline(directory: Path) -> None:
    """Import the CSV files of a CRM's sales pipeline.

    Exits with status 3 when some rows were refused; the others have landed.
    """
    summary = run(_import_pipeline(Settings.from_environment(), directory))
    for line in report(summary):
        typer.echo(line)
    if summary.rejected:
        raise typer.Exit(SOME_ROWS_REFUSED)


async def _import_pipeline(settings: Settings, directory: Path) -> ImportSummary:
    async with open_migrated(settings) as database:
        with progress_bar("Importing deals") as progress:
            return await import_pipeline(database, directory, now=datetime.now(UTC), progress=progress)
