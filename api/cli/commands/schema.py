"""The contract."""

import typer

from schema.build import build_schema


def schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(build_schema().sdl(), nl=False)
