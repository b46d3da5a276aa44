"""Looking for what is wrong, or will be."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import typer

from api.cli.runtime.database import embedded_database, open_unchecked, run
from api.cli.runtime.settings_checks import check_settings
from api.settings import Settings
from db.domain.errors import DealdeskError
from db.maintenance.file_checks import check_file
from db.maintenance.findings import Finding, Level, fail, ok
from db.maintenance.invariant_checks import check_invariants
from db.maintenance.server_checks import check_server
from db.migrations.runner import is_current


def doctor() -> None:
    """Look at the settings and the database, and say what to do about what is wrong.

    Each line begins with ok, warn or fail. Exits with status 1 if any fails.
    """
    if run(_report(Settings.from_environment())) is Level.FAIL:
        raise typer.Exit(1)


async def _report(settings: Settings) -> Level:
    worst = Level.OK
    async for finding in _findings(settings):
        typer.echo(finding)
        worst = max(worst, finding.level, key=list(Level).index)
    return worst


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for finding in check_settings(settings):
        yield finding
    try:
        async for finding in _of_database(settings):
            yield finding
    except DealdeskError as error:
        yield fail(str(error), "Nothing more can be looked at.")


async def _of_database(settings: Settings) -> AsyncIterator[Finding]:
    if settings.is_embedded:
        found = await asyncio.to_thread(lambda: list(check_file(embedded_database(settings))))
        for finding in found:
            yield finding
        if any(finding.level is Level.FAIL for finding in found) or not embedded_database(settings).exists():
            return
    if not await is_current(settings.url):
        yield fail("The tables are not this version's, or were restored.", "Run `dealdesk migrate`.")
        return
    yield ok("The tables are this version's.")
    async with open_unchecked(settings) as database:
        if not settings.is_embedded:
            async for finding in check_server(database):
                yield finding
        async for finding in check_invariants(database, datetime.now(UTC)):
            yield finding
