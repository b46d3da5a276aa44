"""What is going on at this moment, looked up whenever somebody asks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from db.sql.database import Database
from schema.execution.executor import Executor


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, and how it is looked up; with a ``label``, one for each value of that.

    One that ``grows`` only ever does so.
    """

    name: str
    what: str
    look: Callable[[], Mapping[str, float]]
    label: str = ""
    grows: bool = False


class Figures(Collector):
    """Hands figures to Prometheus."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self._figures = figures

    @override
    def collect(self) -> Iterator[Metric]:
        for figure in self._figures:
            family = CounterMetricFamily if figure.grows else GaugeMetricFamily
            labels = [figure.label] if figure.label else []
            metric = family(f"dealdesk_{figure.name}", figure.what, labels=labels)
            for value, number in figure.look().items():
                metric.add_metric([value] if figure.label else [], number)
            yield metric


def figures(executor: Executor, database: Database) -> tuple[Figure, ...]:
    """Return those of operations and of the database."""
    admission = executor.concurrency
    return (
        Figure("subscriptions", "Subscriptions, over either.", lambda: {"": executor.feed.subscribers}),
        Figure(
            "admission",
            "Operations that run, or wait for their turn.",
            lambda: {"running": admission.running, "waiting": admission.waiting},
            label="state",
        ),
        Figure(
            "database_connections",
            "Connections to the database that work or are idle; and requests that wait for one.",
            lambda: asdict(database.pool_stats()),
            label="state",
        ),
        Figure(
            "transaction_retries",
            "Writes that were run again, because another one came between.",
            lambda: {"": database.retry_counter.retries},
            grows=True,
        ),
    )
