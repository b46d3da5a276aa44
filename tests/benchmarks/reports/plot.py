"""Plot the results: one row for each workload, one marker for each contestant."""

from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from tests.benchmarks.contestants import ON_POSTGRES
from tests.benchmarks.reports.tables import Results
from tests.benchmarks.workloads import WORKLOADS

# Colours that can be distinguished with any colour vision; the shapes are enough without colour.
_MARKERS = (
    ("#D55E00", "o"),
    ("#0072B2", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#E69F00", "v"),
    ("#56B4E9", "P"),
)
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_TITLES = {each.name: each.title for each in ON_POSTGRES}
_WORKLOAD_TITLES = {each.name: each.title for each in WORKLOADS}


def plot(results: Results, path: Path) -> None:
    """Plot the ratios to the baseline, one panel for each number of connections."""
    width, height = 4.5 * len(results.connections) + 2.5, 0.45 * len(results.workloads) + 1.5
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(results.connections), sharex=True, sharey=True, squeeze=False)[0]
    for connections, panel in zip(results.connections, panels, strict=True):
        _draw_panel(panel, results, connections)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    figure.savefig(path, dpi=150)


def _draw_panel(panel: Any, results: Results, connections: int) -> None:
    baseline, *others = results.contestants
    for row in range(len(results.workloads)):
        panel.axhline(row, color="0.93", linewidth=10, zorder=0)
    panel.axvline(1, color="0.3", linewidth=1)
    for index, (contestant, (colour, shape)) in enumerate(zip(others, cycle(_MARKERS), strict=False)):
        ratios = [results.ratio(contestant, workload, connections) for workload in results.workloads]
        style = {"color": colour, "marker": shape, "edgecolors": "white", "linewidths": 0.5, "s": 60}
        panel.scatter(ratios, range(len(ratios)), zorder=20 - index, label=_TITLES[contestant], **style)
    panel.set_title("1 connection" if connections == 1 else f"{connections} connections", fontsize=10)
    panel.set_xlabel(f"operations per second, as a ratio to {_TITLES[baseline]}")
    _scale(panel, results.workloads)


def _scale(panel: Any, workloads: list[str]) -> None:
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(FixedLocator(_TICKS))
    panel.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in _TICKS]))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_yticks(range(len(workloads)), [f"{_WORKLOAD_TITLES[each]}  {each}" for each in workloads])
    panel.set_ylim(len(workloads) - 0.5, -0.5)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)
    panel.tick_params(axis="y", length=0)
