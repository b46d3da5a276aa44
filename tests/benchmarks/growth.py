"""The growth of a single read's time from 10,000 to 1,000,000 quotes."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.contestants import GROWTH_CONTESTANTS
from tests.benchmarks.data.databases import benchmark_server
from tests.benchmarks.data.sizes import FEW_QUOTES, MANY_QUOTES
from tests.benchmarks.measurement import Measurement, Plan, compare_responses, measure
from tests.benchmarks.runtime.environments import postgres_environment
from tests.benchmarks.runtime.load_generator import run_load_generator
from tests.benchmarks.workloads import WORKLOADS


@dataclass(frozen=True, slots=True)
class Growth:
    """The measurements of one contestant at both sizes."""

    contestant: str
    few: Measurement
    many: Measurement


def measure_growth(plan: Plan, directory: Path) -> list[Growth]:
    """Measure single reads (W1) on one connection, at both sizes in turn."""
    (single_read,) = [each for each in WORKLOADS if each.name == "W1"]
    with ExitStack() as stack:
        server = stack.enter_context(benchmark_server(directory))
        contestants = []
        for size in (FEW_QUOTES, MANY_QUOTES):
            environment = stack.enter_context(
                postgres_environment(GROWTH_CONTESTANTS, size, server, directory)
            )
            compare_responses(environment.contestants, single_read, None)
            contestants += [
                replace(each, name=f"{each.name} {size.name}") for each in environment.contestants
            ]
        generator = stack.enter_context(run_load_generator())
        measurements = measure(contestants, single_read, replace(plan, connections=[1]), generator, None)
        return _paired({each.contestant: each for each in measurements})


def _paired(measurements: Mapping[str, Measurement]) -> list[Growth]:
    return [
        Growth(
            contestant.name,
            few=measurements[f"{contestant.name} {FEW_QUOTES.name}"],
            many=measurements[f"{contestant.name} {MANY_QUOTES.name}"],
        )
        for contestant in GROWTH_CONTESTANTS
    ]
