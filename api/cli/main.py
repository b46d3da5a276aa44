"""The command line: every command, and how what goes wrong is told."""

import sys
from collections.abc import Sequence

import typer

from api.cli.commands.audit import audits
from api.cli.commands.backup import backup, restore
from api.cli.commands.doctor import doctor
from api.cli.commands.documents import documents
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
commands.add_typer(audits, name="audit")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; what is known to go wrong is told in one line.

    Raises:
        SystemExit: always; the status is 0 when all went well.
    """
    try:
        commands(arguments, prog_name="dealdesk")
    except DealdeskError as error:
        typer.echo(f"dealdesk: {error}", err=True)
        sys.exit(1)


@commands.callback(invoke_without_command=True)
def _serve_unless_told(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        serve()
