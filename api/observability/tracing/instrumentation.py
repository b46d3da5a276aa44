"""The parts of a server that are traced."""

from functools import partial

from opentelemetry.trace import Tracer

from api.observability.tracing.database_spans import TracedDatabase
from api.observability.tracing.operation_spans import TracedExecutor
from api.observability.tracing.request_spans import TracedApp
from api.observability.tracing.setup import Components


def traced_components(tracer: Tracer) -> Components:
    """Return how they are made."""
    return Components(
        lambda database: TracedDatabase(database, tracer),
        partial(TracedExecutor, tracer),
        lambda app: TracedApp(app, tracer),
    )
