"""Compare the responses of the contestants, then measure them in turn under short loads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from tests.benchmarks.requests.responses import first_difference
from tests.benchmarks.runtime.load_generator import Load, LoadGenerator, LoadResult
from tests.benchmarks.runtime.restore import Restorer
from tests.benchmarks.runtime.running_contestants import RunningContestant
from tests.benchmarks.workloads import Workload

_COMPARED_PARAMETERS = 20
"""Operations of each workload whose responses are compared before it is measured."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbers of connections, the rounds, and the seconds of each load."""

    connections: Sequence[int]
    rounds: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """Operations per second of one contestant at one workload, for each round."""

    workload: str
    connections: int
    contestant: str
    rates: Sequence[float]

    @property
    def rate(self) -> float:
        """The median of the rounds, in operations per second."""
        return median(self.rates)

    def ratio(self, baseline: "Measurement") -> float:
        """Return the median of the ratios to the baseline in the same round.

        The speed of the machine changes more between rounds than within one.
        """
        return median(own / other for own, other in zip(self.rates, baseline.rates, strict=True))


class ResponseMismatch(Exception):
    """Two contestants give different responses, or one gives none."""


def compare_responses(
    contestants: Sequence[RunningContestant], workload: Workload, restorer: Restorer | None
) -> None:
    """Send the same operations to all. ``restorer`` restores what the workload closes.

    Raises:
        ResponseMismatch: a response differs from that of the first contestant.
    """
    expected = None
    for contestant in contestants:
        found = _answers(contestant, workload)
        if restorer is not None:
            restorer.restore()
        expected = found if expected is None else expected
        if differing := first_difference(expected, found):
            raise ResponseMismatch(
                f"{workload.name}: {contestants[0].name} and {contestant.name} differ {differing}."
            )


def measure(
    contestants: Sequence[RunningContestant],
    workload: Workload,
    plan: Plan,
    generator: LoadGenerator,
    restorer: Restorer | None,
) -> Iterator[Measurement]:
    """Measure one workload: each contestant once in each round. The first round is a warm-up."""
    loads = {contestant.name: _load(contestant, workload, plan.seconds) for contestant in contestants}
    for connections in plan.connections:
        rates: Mapping[str, list[float]] = {contestant.name: [] for contestant in contestants}
        for name in _rotate(list(loads), plan.rounds + 1):
            result = generator.send(replace(loads[name], connections=connections))
            if restorer is not None:
                _check_and_restore(result, restorer)
            rates[name].append(result.rate)
        for name, measured in rates.items():
            yield Measurement(workload.name, connections, name, measured[1:])


def _answers(contestant: RunningContestant, workload: Workload) -> list[list[object]]:
    try:
        return [
            contestant.responses(workload, parameters)
            for parameters in contestant.parameter_sets(workload)[:_COMPARED_PARAMETERS]
        ]
    except (ValueError, LookupError, OSError) as error:
        raise ResponseMismatch(
            f"{workload.name}: {contestant.name} gives no valid response. {error}\n{contestant.log_tail}"
        ) from error


def _load(contestant: RunningContestant, workload: Workload, seconds: float) -> Load:
    return Load(
        port=contestant.port,
        operations=[
            contestant.operation(workload, parameters) for parameters in contestant.parameter_sets(workload)
        ],
        markers=workload.markers,
        connections=1,
        seconds=seconds,
        repeats=not workload.is_destructive,
    )


def _rotate(names: Sequence[str], rounds: int) -> Iterator[str]:
    """Yield all names in each round; each round begins with another one."""
    for number in range(rounds):
        first = number % len(names)
        yield from names[first:]
        yield from names[:first]


def _check_and_restore(result: LoadResult, restorer: Restorer) -> None:
    closed = restorer.closed()
    restorer.restore()
    if closed != result.operations:
        raise ResponseMismatch(
            f"{result.operations} closings were acknowledged, {closed} are in the database."
        )
