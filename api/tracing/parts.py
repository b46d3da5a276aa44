"""The parts of a server that are traced."""

from functools import partial

from opentelemetry.trace import Tracer

from api.telemetry import Parts
from api.tracing.operations import TracedExecutor
from api.tracing.requests import TracedApp
from api.tracing.statements import TracedDatabase


def parts_of(tracer: Tracer) -> Parts:
    """Return how they are made."""
    return Parts(
        lambda database: TracedDatabase(database, tracer),
        partial(TracedExecutor, tracer),
        lambda app: TracedApp(app, tracer),
    )
