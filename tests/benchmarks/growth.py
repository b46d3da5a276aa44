"""Whether a single read takes longer as the tables grow: from 10,000 quotes to 1,000,000."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.contestants import GROWING
from tests.benchmarks.data.databases import benchmark_server
from tests.benchmarks.data.sizes import FEW_QUOTES, MANY_QUOTES
from tests.benchmarks.fields import field_on_postgres
from tests.benchmarks.generator import running_generator
from tests.benchmarks.measuring import Measurement, Plan, check_agreement, measure
from tests.benchmarks.workloads import WORKLOADS


@dataclass(frozen=True, slots=True)
class Growth:
    """The same reads of one contestant among few quotes and among many."""

    contestant: str
    few: Measurement
    many: Measurement


def measured_growth(plan: Plan, directory: Path) -> list[Growth]:
    """Measure single reads (W1) on one connection, on both databases in turn."""
    (single_read,) = [each for each in WORKLOADS if each.name == "W1"]
    with ExitStack() as stack:
        server = stack.enter_context(benchmark_server(directory))
        entrants = []
        for size in (FEW_QUOTES, MANY_QUOTES):
            field = stack.enter_context(field_on_postgres(GROWING, size, server, directory))
            check_agreement(field.entrants, single_read, None)
            entrants += [replace(each, name=f"{each.name} {size.name}") for each in field.entrants]
        generator = stack.enter_context(running_generator())
        measurements = measure(entrants, single_read, replace(plan, connections=[1]), generator, None)
        return _paired({each.entrant: each for each in measurements})


def _paired(measurements: Mapping[str, Measurement]) -> list[Growth]:
    return [
        Growth(
            contestant.name,
            few=measurements[f"{contestant.name} {FEW_QUOTES.name}"],
            many=measurements[f"{contestant.name} {MANY_QUOTES.name}"],
        )
        for contestant in GROWING
    ]
