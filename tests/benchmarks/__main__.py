"""The benchmark's command: ``uv run --group bench python -m tests.benchmarks``."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from tests.benchmarks.contestants import ON_POSTGRES, ON_SQLITE
from tests.benchmarks.data.databases import benchmark_server
from tests.benchmarks.data.sizes import FULL, QUICK
from tests.benchmarks.growth import measure_growth
from tests.benchmarks.measurement import Measurement, Plan, ResponseMismatch, compare_responses, measure
from tests.benchmarks.options import parse_options
from tests.benchmarks.reports.plot import plot
from tests.benchmarks.reports.tables import Results, print_depths, print_growth, print_rates, write_json
from tests.benchmarks.runtime.environments import Environment, postgres_environment, sqlite_environment
from tests.benchmarks.runtime.load_generator import run_load_generator
from tests.benchmarks.runtime.restore import Restorer
from tests.benchmarks.workloads import WORKLOADS

_console = Console(width=150)


def main() -> None:
    """Run the benchmark; stop all processes at its end."""
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("The benchmark was stopped."))
    try:
        with _directory(options.keep) as directory:
            _run(options, directory)
    except (ResponseMismatch, RuntimeError, TimeoutError) as error:
        sys.exit(f"The benchmark failed. {error}")
    except KeyboardInterrupt:
        sys.exit("The benchmark was stopped.")


def _run(options: argparse.Namespace, directory: Path) -> None:
    plan = Plan(options.connections, options.rounds, options.seconds)
    if options.growth:
        print_growth(measure_growth(plan, directory), _console)
        return
    with _environment(options, directory) as environment:
        results = Results([*_measured(environment, options.workloads, plan)])
    print_rates(results, _console)
    print_depths(results, _console)
    if options.json:
        write_json(results, options.json)
    if options.plot:
        plot(results, options.plot)


@contextmanager
def _directory(kept: Path | None) -> Iterator[Path]:
    """Give a directory that the unprivileged PostgreSQL user can enter."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        Path(scratch).chmod(0o711)
        yield Path(scratch)


@contextmanager
def _environment(options: argparse.Namespace, directory: Path) -> Iterator[Environment]:
    baseline, *others = ON_SQLITE if options.sqlite else ON_POSTGRES
    contestants = [baseline, *(each for each in others if _is_selected(each.name, options.only))]
    size = QUICK if options.quick else FULL
    if options.sqlite:
        with sqlite_environment(contestants, size, directory) as environment:
            yield environment
    else:
        with (
            benchmark_server(directory) as server,
            postgres_environment(contestants, size, server, directory) as environment,
        ):
            yield environment


def _measured(environment: Environment, chosen: list[str] | None, plan: Plan) -> Iterator[Measurement]:
    with run_load_generator() as generator:
        for workload in WORKLOADS:
            if _is_selected(workload.request, chosen):
                _console.print(f"{workload.name}: {workload.title}")
                contestants = [each for each in environment.contestants if each.supports(workload)]
                restorer = (
                    Restorer(environment.store, environment.samples.blocked)
                    if workload.is_destructive
                    else None
                )
                compare_responses(contestants, workload, restorer)
                yield from measure(contestants, workload, plan, generator, restorer)


def _is_selected(name: str, chosen: list[str] | None) -> bool:
    return not chosen or name in chosen


if __name__ == "__main__":
    main()
