"""Serving the API."""

import gc
from datetime import UTC, datetime
from socket import socket
from typing import Annotated

import typer

from api.app import create_app
from api.cli.runtime.access import build_access_policy
from api.cli.runtime.banner import create_first_token, startup_banner
from api.cli.runtime.database import load_sample_if_empty, open_migrated, run
from api.observability.logs import configure_logs
from api.observability.metrics import serve_metrics
from api.observability.observers import Observers
from api.observability.tracing.setup import Components, instrumented
from api.server.background_jobs import purge_idempotency_keys, seal_audit_entries
from api.server.server import ServerStartError, bind_socket, listen
from api.server.server import serve as serve_app
from api.settings import Settings, TracingSettings
from api.transports.trusted_documents import load_trusted_documents
from db.master_data.organizations import UserRef, find_default_user
from db.sql.database import Database
from schema.build import build_schema


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request.")] = False,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Where Prometheus finds /metrics; nowhere unless set."),
    ] = None,
) -> None:
    """Serve the API; what `dealdesk` alone does, too.

    The embedded database is created and migrated first, and gets sample data while it has no organization.
    """
    settings = Settings.from_environment()
    configure_logs(settings.log_format, access_log=access_log)
    with bind_socket(host, port) as bound:
        metrics_port = settings.metrics_port if metrics_port is None else metrics_port
        with instrumented(enabled=TracingSettings().enabled) as parts:
            run(_serve(settings, bound, metrics_port, parts, access_log=access_log))


async def _serve(
    settings: Settings, bound: socket, metrics_port: int | None, parts: Components, *, access_log: bool
) -> None:
    async with open_migrated(settings, settings.timeouts) as opened_, seal_audit_entries(opened_):
        database = parts.database(opened_)
        served = await _served(settings, database)
        entry = await build_access_policy(settings, bound, database)
        documents = load_trusted_documents(settings.documents, settings.documents_manifest)
        watch = Observers(documents, access_log=access_log, metrics=metrics_port is not None)
        limits = settings.limits
        executor = parts.executor(
            build_schema(), database, watch.operations, settings.concurrency_limits, limits
        )
        app = create_app(executor, database, entry, documents, watch.requests)
        watch.metrics.registry.register(app.state.metrics_collector)
        gc.collect()
        gc.freeze()  # going through all that stays for good would stop everybody for a tenth of a second
        with serve_metrics(watch.metrics.registry, settings.metrics_host, metrics_port):
            is_alone = settings.is_embedded and settings.oidc is None
            token = await create_first_token(database, served, now=datetime.now(UTC)) if is_alone else None
            for line in startup_banner(f"{listen(bound)}/graphql", token):
                typer.echo(line)
            async with purge_idempotency_keys(opened_):
                await serve_app(parts.app(app), bound, app.state.shutdown, settings.server_limits)


async def _served(settings: Settings, database: Database) -> UserRef:
    if settings.is_embedded:
        await load_sample_if_empty(database)
    served = await database.write(find_default_user)
    if served is None:
        raise ServerStartError(
            "The database holds no organization to serve. Import one with `dealdesk import`, or load"
            " the sample with `dealdesk migrate --sample`."
        )
    return served
