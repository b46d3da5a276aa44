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
from tests.benchmarks.fields import Field, field_on_postgres, field_on_sqlite
from tests.benchmarks.generator import running_generator
from tests.benchmarks.growth import measured_growth
from tests.benchmarks.measuring import Disagreement, Measurement, Plan, check_agreement, measure
from tests.benchmarks.options import parse_options
from tests.benchmarks.plotting import draw
from tests.benchmarks.reporting import Results, print_depths, print_growth, print_rates, write_json
from tests.benchmarks.restoring import Restorer
from tests.benchmarks.workloads import WORKLOADS

_console = Console(width=150)


def main() -> None:
    """Run the benchmark; everything that it starts is stopped at its end, however it ends."""
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("The benchmark was stopped."))
    try:
        with _directory(options.keep) as directory:
            _run(options, directory)
    except (Disagreement, RuntimeError) as error:
        sys.exit(f"The benchmark can't go on. {error}")
    except KeyboardInterrupt:
        sys.exit("The benchmark was stopped.")


def _run(options: argparse.Namespace, directory: Path) -> None:
    plan = Plan(options.connections, options.rounds, options.seconds)
    if options.growth:
        print_growth(measured_growth(plan, directory), _console)
        return
    with _field(options, directory) as field:
        results = Results([*_measured(field, options.workloads, plan)])
    print_rates(results, _console)
    print_depths(results, _console)
    if options.json:
        write_json(results, options.json)
    if options.plot:
        draw(results, options.plot)


@contextmanager
def _directory(kept: Path | None) -> Iterator[Path]:
    """Give a directory that an unprivileged PostgreSQL can reach, too."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        Path(scratch).chmod(0o711)
        yield Path(scratch)


@contextmanager
def _field(options: argparse.Namespace, directory: Path) -> Iterator[Field]:
    limit, *others = ON_SQLITE if options.sqlite else ON_POSTGRES
    contestants = [limit, *(each for each in others if _is_wanted(each.name, options.only))]
    size = QUICK if options.quick else FULL
    if options.sqlite:
        with field_on_sqlite(contestants, size, directory) as field:
            yield field
    else:
        with (
            benchmark_server(directory) as server,
            field_on_postgres(contestants, size, server, directory) as field,
        ):
            yield field


def _measured(field: Field, chosen: list[str] | None, plan: Plan) -> Iterator[Measurement]:
    with running_generator() as generator:
        for workload in WORKLOADS:
            if _is_wanted(workload.asks, chosen):
                _console.print(f"{workload.name}: {workload.title}")
                entrants = [each for each in field.entrants if each.takes_part_in(workload)]
                restorer = Restorer(field.store, field.samples.blocked) if workload.consumes else None
                check_agreement(entrants, workload, restorer)
                yield from measure(entrants, workload, plan, generator, restorer)


def _is_wanted(name: str, chosen: list[str] | None) -> bool:
    return not chosen or name in chosen


if __name__ == "__main__":
    main()
