"""``dealdesk documents``: prepare trusted documents."""

from pathlib import Path

import typer

from api.transports.trusted_documents import build_manifest
from schema.build import build_schema

documents = typer.Typer(
    help="Prepare trusted documents, the operations that clients may use.", no_args_is_help=True
)


@documents.command()
def build(directory: Path) -> None:
    """Print the manifest of the GraphQL documents in a directory, as JSON: document by SHA-256 hash."""
    typer.echo(build_manifest(directory, build_schema().graphql))
