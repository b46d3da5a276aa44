"""Checking that all contestants say the same, then measuring them in turn, slice by slice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from tests.benchmarks.asking.answers import difference
from tests.benchmarks.entering import Entrant
from tests.benchmarks.generator import Burst, Generator, Slice
from tests.benchmarks.restoring import Restorer
from tests.benchmarks.workloads import Workload

_COMPARED = 20
"""Subjects of each workload whose answers are compared before anything is measured."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: at how many connections, in how many slices of how many seconds."""

    connections: Sequence[int]
    rounds: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """One entrant at one workload: operations per second in each round."""

    workload: str
    connections: int
    entrant: str
    rates: Sequence[float]

    @property
    def rate(self) -> float:
        """The median of the rounds, in operations per second."""
        return median(self.rates)

    def ratio(self, limit: "Measurement") -> float:
        """Return the median of what it reached of the limit in the same round.

        The machine's mood changes more between rounds than within one.
        """
        return median(own / most for own, most in zip(self.rates, limit.rates, strict=True))


class Disagreement(Exception):
    """Two contestants answer the same question differently, or not at all."""


def check_agreement(entrants: Sequence[Entrant], workload: Workload, restorer: Restorer | None) -> None:
    """Ask everyone about the same subjects. What a workload closes is put back by ``restorer``.

    Raises:
        Disagreement: someone answers something other than the first.
    """
    expected = None
    for entrant in entrants:
        found = _answers(entrant, workload)
        if restorer is not None:
            restorer.restore()
        expected = found if expected is None else expected
        if differing := difference(expected, found):
            raise Disagreement(f"{workload.name}: {entrants[0].name} and {entrant.name} differ {differing}.")


def measure(
    entrants: Sequence[Entrant],
    workload: Workload,
    plan: Plan,
    generator: Generator,
    restorer: Restorer | None,
) -> Iterator[Measurement]:
    """Measure one workload, every entrant once in each round. What the first round finds is thrown away."""
    loads = {entrant.name: _load(entrant, workload, plan.seconds) for entrant in entrants}
    for connections in plan.connections:
        rates: Mapping[str, list[float]] = {entrant.name: [] for entrant in entrants}
        for name in _in_turn(list(loads), plan.rounds + 1):
            burst = generator.send(replace(loads[name], connections=connections))
            if restorer is not None:
                _check_and_restore(burst, restorer)
            rates[name].append(burst.rate)
        for name, measured in rates.items():
            yield Measurement(workload.name, connections, name, measured[1:])


def _answers(entrant: Entrant, workload: Workload) -> list[list[object]]:
    try:
        return [entrant.answers(workload, subject) for subject in entrant.subjects(workload)[:_COMPARED]]
    except (ValueError, LookupError, OSError) as error:
        raise Disagreement(
            f"{workload.name}: {entrant.name} does not answer. {error}\n{entrant.last_words}"
        ) from error


def _load(entrant: Entrant, workload: Workload, seconds: float) -> Slice:
    return Slice(
        port=entrant.port,
        operations=[entrant.operation(workload, subject) for subject in entrant.subjects(workload)],
        markers=workload.markers,
        connections=1,
        seconds=seconds,
        repeats=not workload.consumes,
    )


def _in_turn(names: Sequence[str], rounds: int) -> Iterator[str]:
    """Yield all names in each round; another one begins each time."""
    for number in range(rounds):
        first = number % len(names)
        yield from names[first:]
        yield from names[:first]


def _check_and_restore(burst: Burst, restorer: Restorer) -> None:
    closed = restorer.closed()
    restorer.restore()
    if closed != burst.operations:
        raise Disagreement(f"{burst.operations} closings were answered, {closed} are in the database.")
