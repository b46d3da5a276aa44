"""``dealdesk import``: import data of other systems."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.cli.runtime.database import open_migrated, run
from api.settings import Settings
from db.importers.pipeline.importer import import_pipeline
from db.importers.report import EntityKind, ImportSummary

SOME_ROWS_REJECTED = 3
"""The exit status of an import without some rows; with status 1 nothing was imported."""

imports = typer.Typer(help="Import data of other systems.", no_args_is_help=True)


@imports.command()
def pipeline(directory: Path) -> None:
    """Import the CSV files of a CRM's sales pipeline.

    Exits with status 3 if some rows were rejected or a file could not be read to its end; the other rows are
    imported.
    """

    async def import_directory() -> ImportSummary:
        async with open_migrated(Settings.from_environment()) as database:
            with _progress_bar("Importing opportunities") as progress:
                return await import_pipeline(database, directory, now=datetime.now(UTC), progress=progress)

    summary = run(import_directory())
    for line in _report(summary):
        typer.echo(line)
    if not summary.is_complete:
        raise typer.Exit(SOME_ROWS_REJECTED)


@contextmanager
def _progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on a terminal; yield a function of the rows done and the rows in total."""
    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _report(summary: ImportSummary) -> Iterator[str]:
    yield f"{'':<20}{'imported':>10}{'existing':>16}"
    for kind in EntityKind:
        yield f"{kind:<20}{summary.imported[kind]:>10,}{summary.existing[kind]:>16,}"
    for state, count in sorted(summary.opportunities_by_state.items()):
        yield f"opportunities imported as {state.lower()}: {count:,}"
    for correction, count in sorted(summary.corrections.items()):
        yield f"{count:,} x {correction}"
    rejected = Counter(row.file for row in summary.rejected)
    for file, count in summary.row_counts.items():
        yield f"{file}: {count:,} rows read, {rejected[file]:,} of them rejected"
    for row in summary.rejected:
        yield f"rejected: {row.file}, line {row.line}: {row.reason}"
    for rest in summary.unreadable:
        yield f"not read: {rest.file}, from line {rest.line} to the end: {rest.reason}"
    yield f"{len(summary.rejected):,} rows rejected"
