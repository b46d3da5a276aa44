"""The workloads W1 to W7, with the parameters of their operations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks.data.samples import Samples
from tests.benchmarks.requests.templates import Parameters

PAGE = 50


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of operation.

    ``request`` is the key of its templates. ``markers`` are texts that only correct responses contain, one
    for each request. A workload that ``is_destructive`` closes its opportunity, so each set of parameters
    serves one operation. One that ``is_deep`` starts in the middle of the list.
    """

    name: str
    title: str
    request: str
    markers: tuple[bytes, ...]
    parameter_sets: Callable[[Samples], Sequence[Parameters]]
    is_destructive: bool = False
    is_deep: bool = False


def _opportunities(samples: Samples) -> Sequence[Parameters]:
    return [{"opportunityId": each} for each in samples.opportunities]


def _owners(samples: Samples) -> Sequence[Parameters]:
    return [{"ownerId": each} for each in samples.owners]


def _blocked(samples: Samples) -> Sequence[Parameters]:
    return [{"opportunityId": each} for each in samples.blocked]


def _page(_samples: Samples) -> Sequence[Parameters]:
    return [{"first": PAGE}]


def _everything(_samples: Samples) -> Sequence[Parameters]:
    return [{}]


WORKLOADS = (
    Workload("W1", "one opportunity with its quotes", "W1", (b'"account"',), _opportunities),
    Workload("W2", "50 opportunities with their quotes", "W2", (b'"OPEN"',), _owners),
    Workload("W3", "W2 with every quote's lines", "W3", (b'"lines"',), _owners),
    Workload("W6 first", "the first page of 50", "W6", (b'"OPEN"',), _page),
    Workload("W6 deep", "a page of 50 in the middle", "W6", (b'"OPEN"',), _page, is_deep=True),
    Workload("W7", "counts and sums by state", "W7", (b'"LOST"',), _everything),
    Workload("W4", "closing refused by active quotes", "W4", (b'"ACTIVE"',), _blocked),
    Workload(
        "W5",
        "quotes closed, then the opportunity",
        "W5",
        (b'"CLOSED"', b'"WON"'),
        _blocked,
        is_destructive=True,
    ),
)
"""In the order of measurement; the workloads that write come last."""
