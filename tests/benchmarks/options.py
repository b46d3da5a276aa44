"""The command line's options."""

import argparse
from pathlib import Path

from tests.benchmarks.contestants import ON_POSTGRES
from tests.benchmarks.workloads import WORKLOADS

_DESCRIPTION = """
Measure this project and its peers against hand-written SQL on the same database. All answers are compared
first. Contestants take turns in short slices; a ratio is the median over the rounds of what a contestant
reached of the hand-written SQL in the same round.
"""


def parse_options() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=_DESCRIPTION)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--sqlite", action="store_true", help="this project against SQL, both on SQLite")
    mode.add_argument("--growth", action="store_true", help="a single read at 10,000 and 1,000,000 quotes")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the data")
    parser.add_argument(
        "--only", nargs="+", choices=[each.name for each in ON_POSTGRES], help="leave the others out"
    )
    parser.add_argument(
        "--workloads", nargs="+", choices=sorted({each.asks for each in WORKLOADS}), help="all unless given"
    )
    parser.add_argument("--connections", nargs="+", type=int, default=[1, 32], help="1 and 32 unless given")
    parser.add_argument("--rounds", type=int, default=7, help="slices of each contestant; 7 unless given")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a slice; 0.5 unless given")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the data there for the next run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rates there")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the ratios there")
    return parser.parse_args()
