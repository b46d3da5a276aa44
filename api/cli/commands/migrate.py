"""Bringing the database to this version."""

from typing import Annotated

import typer

from api.cli.runtime.database import load_sample_into_empty, migrated, opened, run
from api.settings import Settings


def migrate(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load sample data into an empty database.")
    ] = False,
) -> None:
    """Bring the database to this version's tables."""
    run(_migrate(Settings.from_environment(), sample=sample))
    typer.echo("The database is at this version.")


async def _migrate(settings: Settings, *, sample: bool) -> None:
    await migrated(settings)
    if sample:
        async with opened(settings) as database:
            await load_sample_into_empty(database)
