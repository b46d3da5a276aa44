"""Metrics for Prometheus, served on a port of their own.

The counters of each operation are kept at hand: to find them by their labels takes longer than to count.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from graphql import parse
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from starlette.types import Scope

from api.figures import Figure, Figures
from api.serving import CannotServe
from schema.observing import Observation
from schema.reading.documents import Asked, Document

MOST_NAMES = 100
"""How many operations are counted by their names, trusted ones not among them: clients choose the names."""

OTHERS = "other"
"""The name under which all further ones are counted."""

NOT_RUN = Asked("", "")
"""As what a request is counted that could not be run: nobody knows what it would have done."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts what it is told of. The operations of ``trusted`` documents keep their names."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._ended = self._counter("operations", "Operations that ended.", "operation", "kind", "outcome")
        self._seconds = Histogram(
            "dealdesk_operation_seconds",
            "How long operations took; those of subscriptions are not here.",
            ("operation", "kind"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._refusals = self._counter("refusals", "Mutations that a rule refused.", "mutation", "code")
        self._errors = self._counter("errors", "Operations with a top-level error.", "code")
        self._responses = self._counter("http_responses", "Answers over HTTP.", "status")
        self._names = {asked for document in trusted for asked in _asked(document)}
        self._room = len(self._names) + MOST_NAMES
        self._counters: dict[tuple[Asked, str], tuple[Counter, Histogram]] = {}
        self._by_status: dict[int, Counter] = {}

    def watch(self, *figures: Figure) -> None:
        """Tell of these figures, too."""
        self.registry.register(Figures(figures))

    def count_operation(self, seen: Observation) -> None:
        """Count an operation that ended."""
        asked = self._counted_as(seen.asked or NOT_RUN)
        ended, seconds = self._counters_of(asked, _outcome(seen))
        ended.inc()
        if asked.kind != "subscription":
            seconds.observe(seen.seconds)
        for refused in seen.refusals:
            self._refusals.labels(*refused).inc()
        for code in seen.codes:
            self._errors.labels(code).inc()

    def count_response(self, _scope: Scope, status: int, _seconds: float) -> None:
        """Count an answer over HTTP."""
        counter = self._by_status.get(status)
        if counter is None:
            counter = self._by_status[status] = self._responses.labels(str(status))
        counter.inc()

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"dealdesk_{name}", what, labels, registry=self.registry)

    def _counted_as(self, asked: Asked) -> Asked:
        if asked in self._names:
            return asked
        if len(self._names) == self._room:
            return asked._replace(name=OTHERS)
        self._names.add(asked)
        return asked

    def _counters_of(self, asked: Asked, outcome: str) -> tuple[Counter, Histogram]:
        found = self._counters.get((asked, outcome))
        if found is None:
            found = self._ended.labels(*asked, outcome), self._seconds.labels(*asked)
            self._counters[asked, outcome] = found
        return found


def _outcome(seen: Observation) -> str:
    if seen.codes:
        return "failed"
    return "refused" if seen.refusals else "ok"


def _asked(text: str) -> list[Asked]:
    document = Document(text, parse(text))
    return [document.asked(operation) for operation in document.operations]


@contextmanager
def exposed(registry: CollectorRegistry, host: str, port: int | None) -> Iterator[None]:
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
        reason = os.strerror(error.errno) if error.errno else error
        raise CannotServe(
            f"Port {port} of {host} can't be had for metrics: {reason}."
            " Choose another one with --metrics-port."
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
