"""What the command line tells about an import: its progress, and what became of every row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from db.importers.report import EntityKind, ImportSummary


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal while the block runs; it is told how much is done, of how much."""
    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def report(summary: ImportSummary) -> Iterator[str]:
    """Return the lines that tell what an import did."""
    yield f"{'':<20}{'landed':>10}{'already there':>16}"
    for noun in EntityKind:
        yield f"{noun:<20}{summary.imported[noun]:>10,}{summary.existing[noun]:>16,}"
    for state, count in sorted(summary.opportunities_by_state.items()):
        yield f"opportunities that landed as {state.lower()}: {count:,}"
    for quirk, count in sorted(summary.corrections.items()):
        yield f"{count:,} x {quirk}"
    for row in summary.rejected:
        yield f"refused: {row.file}, line {row.line}: {row.reason}"
    yield f"{len(summary.rejected):,} rows refused"
