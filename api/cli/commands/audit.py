"""Whether what was written down of changes is as it was written."""

from typing import Annotated

import typer

from api.cli.runtime.database import open_migrated, run
from api.settings import Settings
from db.audit.seals import seal_entries
from db.audit.verification import VerificationResult, has_seal, verify_seals

audits = typer.Typer(help="Seal and verify who did what when.", no_args_is_help=True)


@audits.command("seal")
def seal_() -> None:
    """Seal what waits for it; a running server does so every two seconds."""
    typer.echo(f"{run(_seal()):,} entries sealed.")


@audits.command()
def verify(
    head: Annotated[
        list[str] | None, typer.Option(help="A head that an earlier run has told: it must still be there.")
    ] = None,
) -> None:
    """Find the first entry that was changed, removed or slipped in since it was sealed.

    Exits with status 1 when there is one. Keep the heads somewhere else: who can write the database could
    make all seals anew, but not with the same heads.
    """
    verdicts, missing = run(_verify(head or []))
    for verdict in verdicts:
        typer.echo(_line(verdict))
    for each in missing:
        typer.echo(f"The head {each} is no seal any more: entries were removed, or all seals were made anew.")
    if missing or any(verdict.error for verdict in verdicts):
        raise typer.Exit(1)


async def _seal() -> int:
    async with open_migrated(Settings.from_environment()) as database:
        return await seal_entries(database)


async def _verify(heads: list[str]) -> tuple[list[VerificationResult], list[str]]:
    async with open_migrated(Settings.from_environment()) as database:
        verdicts = [verdict async for verdict in verify_seals(database)]
        return verdicts, [head for head in heads if not await has_seal(database, head)]


def _line(verdict: VerificationResult) -> str:
    if verdict.error is not None:
        return f"{verdict.organization}: BROKEN after {verdict.sealed:,} entries. {verdict.error}"
    return (
        f"{verdict.organization}: {verdict.sealed:,} entries are as they were sealed,"
        f" {verdict.unsealed:,} not sealed yet. Head {verdict.head}"
    )
