"""``dealdesk audit``: seal and verify the audit log."""

from typing import Annotated

import typer

from api.cli.runtime.database import open_migrated, run
from api.settings import Settings
from db.audit.seals import seal_entries
from db.audit.verification import Head, VerificationResult, verify_seals

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
        typer.Option(
            help="A head that an earlier run printed. Fails unless it is an intact seal of its organization."
        ),
    ] = None,
) -> None:
    """Find the first entry that was changed, deleted or inserted after it was sealed.

    Exits with status 1 if there is one. Store the heads outside of the database: a person who can write to it
    could rewrite all seals, but not with the same heads.
    """
    heads = [Head.parse(text) for text in head or ()]

    async def verify_all() -> list[VerificationResult]:
        async with open_migrated(Settings.from_environment()) as database:
            return [result async for result in verify_seals(database, heads)]

    results = run(verify_all())
    found_heads = {each for result in results for each in result.found_heads}
    missing_heads = [each for each in heads if each not in found_heads]
    for result in results:
        typer.echo(_describe(result))
    for each in missing_heads:
        typer.echo(
            f"The head {each} is not an intact seal of its organization: entries were changed or deleted, or"
            " all seals were rewritten."
        )
    if missing_heads or any(result.error for result in results):
        raise typer.Exit(1)


def _describe(result: VerificationResult) -> str:
    if result.error is not None:
        return f"{result.organization}: BROKEN after {result.sealed:,} entries. {result.error}"
    return (
        f"{result.organization}: {result.sealed:,} entries match their seals,"
        f" {result.unsealed:,} are not sealed yet. Head {result.head}"
    )
