"""The results as tables for people and as JSON for programs."""

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
from tests.benchmarks.measuring import Measurement

_NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one run has measured. All others are compared with the entrant that came first."""

    measurements: Sequence[Measurement]

    @property
    def workloads(self) -> list[str]:
        """The workloads in the order of their measuring."""
        return _distinct(each.workload for each in self.measurements)

    @property
    def connections(self) -> list[int]:
        """The numbers of connections in the order of their measuring."""
        return _distinct(each.connections for each in self.measurements)

    @property
    def entrants(self) -> list[str]:
        """The entrants, the limit first."""
        return _distinct(each.entrant for each in self.measurements)

    def of(self, entrant: str, workload: str, connections: int) -> Measurement | None:
        """Return one measurement, or None where the entrant did not take part."""
        wanted = (entrant, workload, connections)
        return next(
            (each for each in self.measurements if (each.entrant, each.workload, each.connections) == wanted),
            None,
        )

    def ratio(self, entrant: str, workload: str, connections: int) -> float | None:
        """Return what an entrant reached of the limit, or None where it did not take part."""
        own, limit = (self.of(each, workload, connections) for each in (entrant, self.entrants[0]))
        return None if own is None or limit is None else own.ratio(limit)


def print_rates(results: Results, console: Console) -> None:
    """Print operations per second and the ratios to the limit, one table for each number of connections."""
    for connections in results.connections:
        limit = results.entrants[0]
        console.print(f"\n{_plural(connections)}: operations per second, and the ratio to {limit}")
        table = Table("")
        for entrant in results.entrants:
            table.add_column(entrant, justify="right")
        for workload in results.workloads:
            cells = (_rate(results, entrant, workload, connections) for entrant in results.entrants)
            table.add_row(workload, *cells)
        console.print(table)


def print_depths(results: Results, console: Console) -> None:
    """Print how fast a page far behind the first one is, as a ratio to the first one."""
    if not {"W6 first", "W6 deep"} <= set(results.workloads):
        return
    console.print("\nThe deep page of W6 as a ratio to the first page")
    table = Table("")
    for connections in results.connections:
        table.add_column(_plural(connections), justify="right")
    for entrant in results.entrants:
        table.add_row(
            entrant, *(_depth(results, entrant, connections) for connections in results.connections)
        )
    console.print(table)


def print_growth(growths: Sequence[Growth], console: Console) -> None:
    """Print how fast a single read is among many quotes, as a ratio to the same among few."""
    console.print("\nOne opportunity with its quotes: reads per second on one connection")
    table = Table("")
    for heading in ("10,000 quotes", "1,000,000 quotes", "ratio"):
        table.add_column(heading, justify="right")
    for growth in growths:
        few, many = growth.few, growth.many
        table.add_row(growth.contestant, f"{few.rate:,.0f}", f"{many.rate:,.0f}", f"{many.ratio(few):.2f}")
    console.print(table)


def write_json(results: Results, path: Path) -> None:
    """Write the rates of all rounds, and the machine that they were measured on."""
    document = {
        "machine": {"processors": os.cpu_count(), "system": platform.platform()},
        "measurements": [_described(results, each) for each in results.measurements],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _plural(connections: int) -> str:
    return "1 connection" if connections == 1 else f"{connections} connections"


def _rate(results: Results, entrant: str, workload: str, connections: int) -> str:
    measurement = results.of(entrant, workload, connections)
    ratio = results.ratio(entrant, workload, connections)
    return _NOTHING if measurement is None or ratio is None else f"{measurement.rate:,.0f}  {ratio:.2f}"


def _depth(results: Results, entrant: str, connections: int) -> str:
    first, deep = (results.of(entrant, f"W6 {which}", connections) for which in ("first", "deep"))
    return _NOTHING if first is None or deep is None else f"{deep.ratio(first):.2f}"


def _described(results: Results, measurement: Measurement) -> dict[str, Any]:
    ratio = results.ratio(measurement.entrant, measurement.workload, measurement.connections)
    return {**asdict(measurement), "rate": measurement.rate, "ratio": ratio}
