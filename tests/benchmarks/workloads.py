"""What the contestants are asked to do: the workloads W1 to W7, and what each is asked about."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks.asking.questions import Subject
from tests.benchmarks.data.samples import Samples

PAGE = 50


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of operation.

    ``markers`` are texts that only right answers hold, one for each request of an operation. A workload
    that ``consumes`` closes what it is asked about: each subject is good for one operation.
    """

    name: str
    title: str
    asks: str
    markers: tuple[bytes, ...]
    subjects: Callable[[Samples], Sequence[Subject]]
    consumes: bool = False
    deep: bool = False


def _opportunities(samples: Samples) -> Sequence[Subject]:
    return [{"opportunityId": each} for each in samples.opportunities]


def _owners(samples: Samples) -> Sequence[Subject]:
    return [{"ownerId": each} for each in samples.owners]


def _blocked(samples: Samples) -> Sequence[Subject]:
    return [{"opportunityId": each} for each in samples.blocked]


def _page(_samples: Samples) -> Sequence[Subject]:
    return [{"first": PAGE}]


def _everything(_samples: Samples) -> Sequence[Subject]:
    return [{}]


WORKLOADS = (
    Workload("W1", "one opportunity with its quotes", "W1", (b'"account"',), _opportunities),
    Workload("W2", "50 opportunities with their quotes", "W2", (b'"OPEN"',), _owners),
    Workload("W3", "W2 with every quote's lines", "W3", (b'"lines"',), _owners),
    Workload("W6 first", "the first page of 50", "W6", (b'"OPEN"',), _page),
    Workload("W6 deep", "a page of 50 far behind it", "W6", (b'"OPEN"',), _page, deep=True),
    Workload("W7", "counts and sums by state", "W7", (b'"LOST"',), _everything),
    Workload("W4", "closing refused by active quotes", "W4", (b'"ACTIVE"',), _blocked),
    Workload(
        "W5", "quotes closed, then the opportunity", "W5", (b'"CLOSED"', b'"WON"'), _blocked, consumes=True
    ),
)
"""In the order in which they are measured: what writes comes last."""
