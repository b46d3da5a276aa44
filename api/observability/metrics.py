"""Metrics for Prometheus, served on a port of their own.

They are counted here, in plain numbers of one thread, and handed to the library when somebody asks: its own
counters, with their locks, cost a small query five times as much.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate

from graphql import parse
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope
from typing_extensions import override

from api.observability.gauges import Figure, Figures
from api.server.server import ServerStartError, port_error
from schema.execution.observer import Observation
from schema.request.document_cache import Document, OperationLabel

MAX_OPERATION_NAMES = 100
"""How many operations are counted by their names, trusted ones not among them: clients choose the names."""

OTHER_OPERATIONS = "other"
"""The name under which all further ones are counted."""

UNKNOWN_OPERATION = OperationLabel("", "")
"""As what a request is counted that could not be run: nobody knows what it would have done."""

Counts = dict[tuple[str, ...], int]
"""Numbers by the values of their labels."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics(Collector):
    """Counts what it is told of. The operations of ``trusted`` documents keep their names."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        self._names = {asked for document in trusted for asked in _asked(document)}
        self._room = len(self._names) + MAX_OPERATION_NAMES
        self._ended: Counts = defaultdict(int)
        self._refusals: Counts = defaultdict(int)
        self._errors: Counts = defaultdict(int)
        self._responses: Counts = defaultdict(int)
        self._times: dict[OperationLabel, _Times] = defaultdict(_Times)

    def watch(self, *figures: Figure) -> None:
        """Tell of these figures, too."""
        self.registry.register(Figures(figures))

    def count_operation(self, seen: Observation) -> None:
        """Count an operation that ended."""
        asked = seen.operation or UNKNOWN_OPERATION
        if asked not in self._names:
            asked = self._named(asked)
        self._ended[*asked, _outcome(seen)] += 1
        if asked.kind != "subscription":
            self._times[asked].add(seen.seconds)
        for refused in seen.refusals:
            self._refusals[refused] += 1
        for code in seen.codes:
            self._errors[code,] += 1

    def count_response(self, _scope: Scope, status: int, _seconds: float) -> None:
        """Count an answer over HTTP."""
        self._responses[str(status),] += 1

    @override
    def collect(self) -> Iterator[Metric]:
        yield _counter("operations", "Operations that ended.", "operation kind outcome", self._ended)
        yield self._seconds()
        yield _counter("refusals", "Mutations that a rule refused.", "mutation code", self._refusals)
        yield _counter("errors", "Operations with a top-level error.", "code", self._errors)
        yield _counter("http_responses", "Answers over HTTP.", "status", self._responses)

    def _named(self, asked: OperationLabel) -> OperationLabel:
        if len(self._names) == self._room:
            return asked._replace(name=OTHER_OPERATIONS)
        self._names.add(asked)
        return asked

    def _seconds(self) -> Metric:
        metric = HistogramMetricFamily(
            "dealdesk_operation_seconds",
            "How long operations took; those of subscriptions are not here.",
            labels=("operation", "kind"),
        )
        for asked, times in list(self._times.items()):
            metric.add_metric(asked, times.buckets(), times.total)
        return metric


class _Times:
    """How many operations took how long."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * (len(_SECONDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(_SECONDS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        bounds = [*map(str, _SECONDS), "+Inf"]
        return list(zip(bounds, accumulate(self._counts), strict=True))


def _counter(name: str, what: str, labels: str, counts: Counts) -> Metric:
    metric = CounterMetricFamily(f"dealdesk_{name}", what, labels=labels.split())
    for values, count in list(counts.items()):
        metric.add_metric(values, count)
    return metric


def _outcome(seen: Observation) -> str:
    if seen.codes:
        return "failed"
    return "refused" if seen.refusals else "ok"


def _asked(text: str) -> list[OperationLabel]:
    document = Document(text, parse(text))
    return [document.label(operation) for operation in document.operations]


@contextmanager
def serve_metrics(registry: CollectorRegistry, host: str, port: int | None) -> Iterator[None]:
    """Serve the metrics on a port while the block runs, from a thread of their own; nowhere without a port.

    Raises:
        CannotServe: the address can't be had.
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
