"""The command line's options."""

import argparse
from pathlib import Path

from tests.benchmarks.contestants import ON_POSTGRES
from tests.benchmarks.workloads import WORKLOADS

_DESCRIPTION = """
Measure this project and its peers against hand-written SQL on the same database. First all responses are
compared. Then the contestants take turns under short loads. A ratio is the median over the rounds of a
contestant's rate divided by the rate of the hand-written SQL in the same round.
"""


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=_DESCRIPTION)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--sqlite", action="store_true", help="this project against SQL, both on SQLite")
    mode.add_argument("--growth", action="store_true", help="a single read at 10,000 and 1,000,000 quotes")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the data")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[each.name for each in ON_POSTGRES],
        help="measure only these and the hand-written SQL",
    )
    parser.add_argument(
        "--workloads", nargs="+", choices=sorted({each.request for each in WORKLOADS}), help="default: all"
    )
    parser.add_argument("--connections", nargs="+", type=int, default=[1, 32], help="default: 1 and 32")
    parser.add_argument("--rounds", type=int, default=7, help="loads for each contestant; default: 7")
    parser.add_argument("--seconds", type=float, default=0.5, help="duration of a load; default: 0.5")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the data in this directory for the next run"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rates to this file")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="plot the ratios to this file")
    return parser.parse_args()
