"""The command line."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Annotated, Any, TypeVar

import typer
from uvicorn.loops.auto import auto_loop_factory

from api.app import create_app
from api.documents import manifest_of, trusted_documents
from api.reporting import progress_bar, report
from api.serving import CannotServe, listening_socket, serve, url_of
from api.settings import BadDatabaseUrl, Settings
from db.database import Database
from db.errors import DealdeskError, Unavailable
from db.importing import ImportSummary, import_pipeline
from db.migrating import is_current, migrate
from db.opening import open_database, sqlite_path
from db.sample import load_sample
from db.seeding import Served, served_organization
from schema.building import build_schema
from schema.executing import Executor

T = TypeVar("T")

SOME_ROWS_REFUSED = 3
"""The exit status of an import that landed without some rows; 1 means that nothing was changed."""

commands = typer.Typer(
    help="A GraphQL API for closing project opportunities and their quotes.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
_imports = typer.Typer(help="Bring in what another system holds.", no_args_is_help=True)
commands.add_typer(_imports, name="import")
_documents = typer.Typer(help="Say what clients may ask.", no_args_is_help=True)
commands.add_typer(_documents, name="documents")


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
        serve_()


@commands.command("serve")
def serve_(
    host: Annotated[str, typer.Option(help="The loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request.")] = False,
) -> None:
    """Serve the API; what `dealdesk` alone does, too.

    The embedded database is created and migrated first, and gets sample data while it has no organization.
    """
    settings = Settings.from_environment()
    with listening_socket(host, port) as listening:
        _run(_serve(settings, listening, access_log=access_log))


@commands.command("migrate")
def migrate_(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load sample data into an empty database.")
    ] = False,
) -> None:
    """Bring the database to this version's tables."""
    settings = Settings.from_environment()
    _run(_migrate(settings, sample=sample))
    typer.echo("The database is at this version.")


@commands.command()
def schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(build_schema().sdl(), nl=False)


@_imports.command()
def pipeline(directory: Path) -> None:
    """Import the CSV files of a CRM's sales pipeline.

    Exits with status 3 when some rows were refused; the others have landed.
    """
    settings = Settings.from_environment()
    summary = _run(_import_pipeline(settings, directory))
    for line in report(summary):
        typer.echo(line)
    if summary.refused:
        raise typer.Exit(SOME_ROWS_REFUSED)


@_documents.command()
def build(directory: Path) -> None:
    """Print the manifest of the GraphQL documents below a directory: JSON, from sha256 to document."""
    typer.echo(manifest_of(directory, build_schema().graphql))


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(work)


async def _serve(settings: Settings, listening: socket, *, access_log: bool) -> None:
    async with _opened(settings) as database:
        if settings.is_embedded:
            await _load_sample_into_empty(database)
        served = await _served(database)
        if served is None:
            raise CannotServe(
                "The database holds no organization to serve. Import one with `dealdesk import`, or load"
                " the sample with `dealdesk migrate --sample`."
            )
        documents = trusted_documents(settings.documents, settings.documents_manifest)
        executor = Executor(build_schema(), database)
        app = create_app(executor, database, lambda: served.caller(datetime.now(UTC)), documents)
        _welcome(f"{url_of(listening)}/graphql")
        await serve(app, listening, executor.feed.stop, access_log=access_log)


def _welcome(url: str) -> None:
    typer.echo(f"Dealdesk serves {url}\n\nA first query:\n")
    typer.echo(f"  curl {url} -H 'content-type: application/json' \\")
    typer.echo("""    -d '{"query": "{ opportunities(first: 3) { nodes { name state } } }"}'""")


async def _migrate(settings: Settings, *, sample: bool) -> None:
    await _migrated(settings)
    if sample:
        async with _opened(settings) as database:
            await _load_sample_into_empty(database)


async def _import_pipeline(settings: Settings, directory: Path) -> ImportSummary:
    async with _opened(settings) as database:
        with progress_bar("Importing deals") as progress:
            return await import_pipeline(database, directory, now=datetime.now(UTC), progress=progress)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    """Open the database. The embedded one is migrated first; another one belongs to whoever runs it."""
    if settings.is_embedded:
        await _migrated(settings)
    else:
        await _check_current(settings)
    database = await open_database(settings.url)
    try:
        yield database
    finally:
        await database.close()


async def _migrated(settings: Settings) -> None:
    try:
        if settings.is_embedded:
            _make_directory(sqlite_path(settings.url).parent)
        await migrate(settings.url)
    except ValueError:
        raise BadDatabaseUrl from None


async def _check_current(settings: Settings) -> None:
    try:
        if not await is_current(settings.url):
            raise Unavailable("The database's tables are not this version's. Run `dealdesk migrate` first.")
    except ValueError:
        raise BadDatabaseUrl from None


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The directory {directory} can't be made: {error.strerror}.") from error


async def _load_sample_into_empty(database: Database) -> None:
    if await _served(database) is None:
        await load_sample(database, now=datetime.now(UTC))


async def _served(database: Database) -> Served | None:
    return await database.write(served_organization)
