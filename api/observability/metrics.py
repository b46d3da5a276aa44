"""Prometheus metrics: operations, refusals, errors, HTTP responses, and the current state of the server."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache

from graphql import parse
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope
from typing_extensions import override

from api.server.server import ServerStartError, port_error
from db.sql.database import Database
from schema.execution.executor import Executor
from schema.execution.observer import Observation
from schema.request.document import Document, OperationLabel

MAX_OPERATION_NAMES = 100
"""Maximum number of operations with series of their own, besides trusted ones: clients choose the names."""

OTHER_OPERATIONS = "other"
"""The name under which all further operations are counted."""

UNKNOWN_OPERATION = OperationLabel("", "")
"""The label of a request that has no valid operation."""

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts operations and HTTP responses. Operations of ``trusted`` documents always keep their names."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # one more series for each counter
        self.registry = CollectorRegistry()

        def counter(name: str, documentation: str, *labels: str) -> Callable[..., Counter]:
            return cache(Counter(name, documentation, labels, registry=self.registry).labels)

        # labels() takes three times as long as counting, so its results are cached: their number is bounded.
        self._operations = counter(
            "dealdesk_operations", "Operations that ended.", "operation", "kind", "outcome"
        )
        self._refusals = counter(
            "dealdesk_refusals", "Mutations that a business rule refused.", "mutation", "code"
        )
        self._errors = counter("dealdesk_errors", "Operations with a top-level error.", "code")
        self._responses = counter("dealdesk_http_responses", "HTTP responses.", "status")
        self._durations = cache(
            Histogram(
                "dealdesk_operation_seconds",
                "Duration of queries and mutations.",
                ("operation", "kind"),
                buckets=BUCKETS_SECONDS,
                registry=self.registry,
            ).labels
        )
        ProcessCollector(registry=self.registry)
        self._named = {label for document in trusted for label in _operation_labels(document)}
        self._max_named = len(self._named) + MAX_OPERATION_NAMES

    def count_operation(self, observation: Observation) -> None:
        """Count an operation that ended."""
        label = self._bounded(observation.operation or UNKNOWN_OPERATION)
        self._operations(*label, _outcome(observation)).inc()
        if label.kind != "subscription":
            self._durations(*label).observe(observation.seconds)
        for refusal in observation.refusals:
            self._refusals(*refusal).inc()
        for code in observation.codes:
            self._errors(code).inc()

    def count_response(self, _scope: Scope, status: int, _seconds: float) -> None:
        """Count an HTTP response."""
        self._responses(status).inc()

    def _bounded(self, label: OperationLabel) -> OperationLabel:
        """Return the label under which an operation is counted."""
        if label not in self._named:
            if len(self._named) == self._max_named:
                return label._replace(name=OTHER_OPERATIONS)
            self._named.add(label)
        return label


class ServerStateCollector(Collector):
    """Reads the current state of the server each time Prometheus scrapes it."""

    def __init__(
        self,
        executor: Executor,
        database: Database,
        *,
        open_sockets: Callable[[], int],
        open_streams: Callable[[], int],
    ) -> None:
        self._executor = executor
        self._database = database
        self._open_sockets = open_sockets
        self._open_streams = open_streams

    @override
    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("dealdesk_sockets", "Open WebSockets.", self._open_sockets())
        yield GaugeMetricFamily(
            "dealdesk_streams", "Open streams of Server-Sent Events.", self._open_streams()
        )
        yield GaugeMetricFamily(
            "dealdesk_subscriptions",
            "Active subscriptions, over WebSockets and Server-Sent Events.",
            self._executor.feed.subscribers,
        )
        concurrency = self._executor.concurrency
        yield _gauge_by_state(
            "dealdesk_admission",
            "Operations that run, or wait to run.",
            {"running": concurrency.running, "waiting": concurrency.waiting},
        )
        yield _gauge_by_state(
            "dealdesk_database_connections",
            "Busy and idle connections to the database, and requests that wait for one.",
            asdict(self._database.pool_stats()),
        )
        yield CounterMetricFamily(
            "dealdesk_transaction_retries",
            "Transactions that ran again after a concurrent write.",
            self._database.retry_counter.retries,
        )


@contextmanager
def serve_metrics(registry: CollectorRegistry, host: str, port: int | None) -> Iterator[None]:
    """Serve the metrics from a thread until the block ends. Without a port, serve nothing.

    Raises:
        ServerStartError: the port is not available.
    """
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ServerStartError(port_error(host, port, error, option="--metrics-port")) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _outcome(observation: Observation) -> str:
    if observation.codes:
        return "failed"
    return "refused" if observation.refusals else "ok"


def _operation_labels(text: str) -> list[OperationLabel]:
    document = Document(text, parse(text))
    return [document.label(operation) for operation in document.operations]


def _gauge_by_state(name: str, documentation: str, values: Mapping[str, float]) -> Metric:
    metric = GaugeMetricFamily(name, documentation, labels=["state"])
    for state, value in values.items():
        metric.add_metric([state], value)
    return metric
