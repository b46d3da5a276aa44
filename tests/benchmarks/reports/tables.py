"""The results as tables and as JSON."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.growth import Growth
from tests.benchmarks.measurement import Measurement

_NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Results:
    """All measurements of a run. The first contestant is the baseline of the others."""

    measurements: Sequence[Measurement]

    @property
    def workloads(self) -> list[str]:
        """The workloads, in the order of their measurements."""
        return _distinct(each.workload for each in self.measurements)

    @property
    def connections(self) -> list[int]:
        """The numbers of connections, in the order of their measurements."""
        return _distinct(each.connections for each in self.measurements)

    @property
    def contestants(self) -> list[str]:
        """The names of the contestants, the baseline first."""
        return _distinct(each.contestant for each in self.measurements)

    def of(self, contestant: str, workload: str, connections: int) -> Measurement | None:
        """Return one measurement, or None if the contestant has no requests for the workload."""
        wanted = (contestant, workload, connections)
        return next(
            (
                each
                for each in self.measurements
                if (each.contestant, each.workload, each.connections) == wanted
            ),
            None,
        )

    def ratio(self, contestant: str, workload: str, connections: int) -> float | None:
        """Return the ratio to the baseline, or None if there is no measurement."""
        own, baseline = (self.of(each, workload, connections) for each in (contestant, self.contestants[0]))
        return None if own is None or baseline is None else own.ratio(baseline)


def print_rates(results: Results, console: Console) -> None:
    """Print operations per second and the ratios to the baseline, a table for each number of connections."""
    for connections in results.connections:
        baseline = results.contestants[0]
        console.print(f"\n{_plural(connections)}: operations per second, and the ratio to {baseline}")
        table = Table("")
        for contestant in results.contestants:
            table.add_column(contestant, justify="right")
        for workload in results.workloads:
            cells = (_rate(results, contestant, workload, connections) for contestant in results.contestants)
            table.add_row(workload, *cells)
        console.print(table)


def print_depths(results: Results, console: Console) -> None:
    """Print the rates of a page in the middle of the list, as ratios to those of the first page."""
    if not {"W6 first", "W6 deep"} <= set(results.workloads):
        return
    console.print("\nThe deep page of W6 as a ratio to the first page")
    table = Table("")
    for connections in results.connections:
        table.add_column(_plural(connections), justify="right")
    for contestant in results.contestants:
        table.add_row(
            contestant, *(_depth(results, contestant, connections) for connections in results.connections)
        )
    console.print(table)


def print_growth(growths: Sequence[Growth], console: Console) -> None:
    """Print the rates of a single read at both sizes, and their ratio."""
    console.print("\nOne opportunity with its quotes: reads per second on one connection")
    table = Table("")
    for heading in ("10,000 quotes", "1,000,000 quotes", "ratio"):
        table.add_column(heading, justify="right")
    for growth in growths:
        few, many = growth.few, growth.many
        table.add_row(growth.contestant, f"{few.rate:,.0f}", f"{many.rate:,.0f}", f"{many.ratio(few):.2f}")
    console.print(table)


def write_json(results: Results, path: Path) -> None:
    """Write the rates of all rounds, and a description of the machine."""
    document = {
        "machine": {"processors": os.cpu_count(), "system": platform.platform()},
        "measurements": [_described(results, each) for each in results.measurements],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _plural(connections: int) -> str:
    return "1 connection" if connections == 1 else f"{connections} connections"


def _rate(results: Results, contestant: str, workload: str, connections: int) -> str:
    measurement = results.of(contestant, workload, connections)
    ratio = results.ratio(contestant, workload, connections)
    return _NOTHING if measurement is None or ratio is None else f"{measurement.rate:,.0f}  {ratio:.2f}"


def _depth(results: Results, contestant: str, connections: int) -> str:
    first, deep = (results.of(contestant, f"W6 {which}", connections) for which in ("first", "deep"))
    return _NOTHING if first is None or deep is None else f"{deep.ratio(first):.2f}"


def _described(results: Results, measurement: Measurement) -> dict[str, Any]:
    ratio = results.ratio(measurement.contestant, measurement.workload, measurement.connections)
    return {**asdict(measurement), "rate": measurement.rate, "ratio": ratio}
