"""What clients may ask."""

from pathlib import Path

import typer

from api.transports.trusted_documents import build_manifest
from schema.build import build_schema

documents = typer.Typer(help="Say what clients may ask.", no_args_is_help=True)


@documents.command()
def build(directory: Path) -> None:
    """Print the manifest of the GraphQL documents below a directory: JSON, from sha256 to document."""
    typer.echo(build_manifest(directory, build_schema().graphql))
