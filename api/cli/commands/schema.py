"""``dealdesk schema``: print the GraphQL schema."""

import typer

from schema.build import build_schema


def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    typer.echo(build_schema().sdl(), nl=False)
