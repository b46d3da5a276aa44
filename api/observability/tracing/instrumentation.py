"""Components of the server that open spans, and the export of these spans."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer

from api.observability.tracing.database_spans import TracedDatabase
from api.observability.tracing.operation_spans import TracedExecutor
from api.observability.tracing.request_spans import TracedApp
from api.observability.tracing.setup import Components

SERVICE_NAME = "dealdesk"


@contextmanager
def exporting_components() -> Iterator[Components]:
    """Yield components whose spans go where the standard ``OTEL_`` variables say.

    A thread exports the spans; the last ones are exported when the block ends.
    """
    resource = Resource({"service.name": SERVICE_NAME}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield traced_components(provider.get_tracer(SERVICE_NAME))
    finally:
        provider.shutdown()


def traced_components(tracer: Tracer) -> Components:
    """Return components that open spans with this tracer."""
    return Components(
        database=lambda database: TracedDatabase(database, tracer),
        executor=partial(TracedExecutor, tracer),
        app=lambda app: TracedApp(app, tracer),
    )
