"""``dealdesk audit``: seal and verify the audit log."""

from typing import Annotated

import typer

from api.cli.runtime.database import open_migrated, run
from api.settings import Settings
from db.audit.seals import seal_entries
from db.audit.verification import VerificationResult, has_seal, verify_seals

audits = typer.Typer(help="Seal and verify the audit log.", no_args_is_help=True)


@audits.command()
def seal() -> None:
    """Seal all entries that have no seal yet. A running server does so every two seconds."""

    async def seal_all() -> int:
        async with open_migrated(Settings.from_environment()) as database:
            return await seal_entries(database)

    typer.echo(f"{run(seal_all()):,} entries sealed.")


@audits.command()
def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(help="A head that an earlier run printed. Fails if it does not exist any more."),
    ] = None,
) -> None:
    """Find the first entry that was changed, deleted or inserted after it was sealed.

    Exits with status 1 if there is one. Store the heads outside of the database: a person who can write to it
    could rewrite all seals, but not with the same heads.
    """

    async def verify_all() -> tuple[list[VerificationResult], list[str]]:
        async with open_migrated(Settings.from_environment()) as database:
            results = [result async for result in verify_seals(database)]
            return results, [each for each in head or () if not await has_seal(database, each)]

    results, missing_heads = run(verify_all())
    for result in results:
        typer.echo(_describe(result))
    for each in missing_heads:
        typer.echo(f"The head {each} does not exist: entries were deleted, or all seals were rewritten.")
    if missing_heads or any(result.error for result in results):
        raise typer.Exit(1)


def _describe(result: VerificationResult) -> str:
    if result.error is not None:
        return f"{result.organization}: BROKEN after {result.sealed:,} entries. {result.error}"
    return (
        f"{result.organization}: {result.sealed:,} entries match their seals,"
        f" {result.unsealed:,} are not sealed yet. Head {result.head}"
    )
