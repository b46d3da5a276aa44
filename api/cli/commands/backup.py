"""``dealdesk backup`` and ``dealdesk restore``: verified copies of the embedded database."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from api.cli.runtime.database import embedded_database
from api.settings import Settings
from db.maintenance import backup as backups


def backup(file: Path) -> None:
    """Copy the embedded database to a new file, while it is in use, and verify the copy."""
    copy = backups.back_up(embedded_database(Settings.from_environment()), file)
    typer.echo(
        f"Copied {copy.rows:,} rows of {copy.tables} tables to {file}, and verified it: {copy.size:,} bytes."
    )


def restore(file: Path) -> None:
    """Replace the embedded database by a copy. The replaced database is kept beside it."""
    database = embedded_database(Settings.from_environment())
    replaced = backups.restore(file, database, now=datetime.now(UTC))
    typer.echo(f"Restored {database} from {file}.")
    if replaced:
        typer.echo(f"The replaced database is {replaced}.")
