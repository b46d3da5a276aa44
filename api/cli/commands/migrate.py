"""``dealdesk migrate``: create or upgrade the tables."""

from typing import Annotated

import typer

from api.cli.runtime.database import ensure_migrated, load_sample_if_empty, open_unchecked, run
from api.settings import Settings


def migrate(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load sample data into an empty database.")
    ] = False,
) -> None:
    """Create the tables, or upgrade them to this version."""

    async def migrate_and_load() -> None:
        settings = Settings.from_environment()
        await ensure_migrated(settings)
        if sample:
            async with open_unchecked(settings) as database:
                await load_sample_if_empty(database)

    run(migrate_and_load())
    typer.echo("The database is up to date.")
