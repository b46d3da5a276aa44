"""``dealdesk serve``: assemble the server and run it."""

import gc
import sys
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
from api.server import server
from api.server.background_jobs import purge_idempotency_keys, seal_audit_entries
from api.settings import Settings, TracingSettings
from api.transports.trusted_documents import load_trusted_documents
from db.master_data.organizations import UserRef, find_default_user
from db.sql.database import Database
from schema.build import build_schema

SWITCH_SECONDS = 0.0005
"""Time after which a thread that prepares a document gives way to the event loop.

With Python's 5 ms, requests beside five clients that send hostile documents took 27 ms instead of 4.
"""


def serve(
    host: Annotated[str, typer.Option(help="The IP address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free port.")] = 8000,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request.")] = False,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve /metrics for Prometheus on this port."),
    ] = None,
) -> None:
    """Serve the API. This is also what `dealdesk` without a command does.

    First the embedded database is created or upgraded; if it has no organization, sample data is loaded.
    """
    settings = Settings.from_environment()
    configure_logs(settings.log_format, access_log=access_log)
    if metrics_port is None:
        metrics_port = settings.metrics_port
    with (
        server.bind_socket(host, port) as bound,
        instrumented(enabled=TracingSettings().enabled) as components,
    ):
        run(_serve(settings, bound, components, metrics_port, access_log=access_log))


async def _serve(
    settings: Settings,
    bound: socket,
    components: Components,
    metrics_port: int | None,
    *,
    access_log: bool,
) -> None:
    async with (
        open_migrated(settings, settings.timeouts) as opened,
        seal_audit_entries(opened),
        purge_idempotency_keys(opened),
    ):
        database = components.database(opened)
        is_sample = settings.is_embedded and await load_sample_if_empty(database)
        user = await _default_user(database)
        access_policy = await build_access_policy(settings, bound, database)
        documents = load_trusted_documents(settings.documents, settings.documents_manifest)
        observers = Observers(documents, access_log=access_log, metrics=metrics_port is not None)
        executor = components.executor(
            build_schema(), database, observers.operations, settings.concurrency_limits, settings.limits
        )
        app = create_app(executor, database, access_policy, documents, observers.requests)
        registry = observers.metrics.registry
        registry.register(app.state.metrics_collector)
        gc.collect()
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.freeze()  # a full collection of the schema's objects would block the event loop for 0.1 s
        with serve_metrics(registry, settings.metrics_host, metrics_port):
            token = None
            if settings.is_embedded and settings.oidc is None:
                token = await create_first_token(database, user, is_sample=is_sample, now=datetime.now(UTC))
            url = f"{server.listen(bound, settings.allowed_hosts)}/graphql"
            for line in startup_banner(url, token):
                typer.echo(line)
            await server.serve(components.app(app), bound, app.state.shutdown, settings.server_limits)


async def _default_user(database: Database) -> UserRef:
    """Return the first user of the oldest organization."""
    user = await database.write(find_default_user)
    if user is None:
        raise server.ServerStartError(
            "The database contains no organization. Import one with `dealdesk import`, or load sample data"
            " with `dealdesk migrate --sample`."
        )
    return user
