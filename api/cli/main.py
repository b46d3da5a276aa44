"""The command line: registers the commands and prints expected errors in one line."""

import sys
from collections.abc import Sequence

import typer

from api.cli.commands.audit import audits
from api.cli.commands.backup import backup, restore
from api.cli.commands.doctor import doctor
from api.cli.commands.documents import documents
from api.cli.commands.identity import identities
from api.cli.commands.import_pipeline import imports
from api.cli.commands.migrate import migrate
from api.cli.commands.schema import schema
from api.cli.commands.serve import serve
from api.cli.commands.token import tokens
from db.domain.errors import DealdeskError

commands = typer.Typer(
    help="A GraphQL API for closing project opportunities and their quotes.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, migrate, backup, restore, doctor, schema):
    commands.command()(command)
commands.add_typer(imports, name="import")
commands.add_typer(documents, name="documents")
commands.add_typer(tokens, name="token")
commands.add_typer(identities, name="identity")
commands.add_typer(audits, name="audit")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command, by default that of ``sys.argv``.

    Raises:
        SystemExit: always; the status is 0 on success, 1 for an expected error, 2 for a usage error.
    """
    try:
        commands(arguments, prog_name="dealdesk")
    except DealdeskError as error:
        typer.echo(f"dealdesk: {error}", err=True)
        sys.exit(1)


@commands.callback(invoke_without_command=True)
def _serve_by_default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        serve()
