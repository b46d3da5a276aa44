"""Bringing the database to this version."""

from typing import Annotated

import typer

from api.cli.runtime.database import ensure_migrated, load_sample_if_empty, open_migrated, run
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
    await ensure_migrated(settings)
    if sample:
        async with open_migrated(settings) as database:
            await load_sample_if_empty(database)
