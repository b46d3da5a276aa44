"""Copies of the embedded database."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from api.cli.runtime.database import embedded_database
from api.settings import Settings
from db.maintenance.backup import back_up
from db.maintenance.backup import restore as put_back


def backup(file: Path) -> None:
    """Copy the embedded database to a new file, while it is used, and verify the copy."""
    made = back_up(embedded_database(Settings.from_environment()), file)
    typer.echo(f"{made.rows:,} rows of {made.tables} tables are in {file}, verified: {made.size:,} bytes.")


def restore(file: Path) -> None:
    """Put a copy in the place of the embedded database, which is kept beside it."""
    database = embedded_database(Settings.from_environment())
    kept = put_back(file, database, now=datetime.now(UTC))
    typer.echo(f"{database} is what {file} was." + (f" What it was is in {kept}." if kept else ""))
