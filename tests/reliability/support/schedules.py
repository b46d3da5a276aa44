"""In which order those who write at the same time take their turns."""

import random
from collections import deque
from collections.abc import Iterator, Sequence


class AtRandom:
    """A schedule that is drawn."""

    def choose(self, able: Sequence[int]) -> int:
        """Pick anybody."""
        return random.choice(able)

    def waits(self) -> None:
        """Make nothing of it."""


class OneOfAll:
    """A schedule that begins as told, and notes the others that begin the same."""

    def __init__(self, begun: Sequence[int]) -> None:
        self._begun = begun
        self.taken: list[int] = []
        self.others: list[list[int]] = []
        self.waiting: list[list[int]] = []

    def choose(self, able: Sequence[int]) -> int:
        """Pick as told, then the first."""
        place = len(self.taken)
        chosen = self._begun[place] if place < len(self._begun) else able[0]
        if place >= len(self._begun):
            self.others += [[*self.taken, other] for other in able[1:]]
        self.taken.append(chosen)
        return chosen

    def waits(self) -> None:
        """Note how it came to that."""
        self.waiting.append(list(self.taken))


def all_schedules() -> Iterator[OneOfAll]:
    """Yield every schedule of two players, each to be gone through before the next.

    Who waits for a lock of the other sees nothing until he has it. So it is all the same whether he begins to
    wait now or one statement of the other later, and only the first is yielded.
    """
    to_try = deque[list[int]]([[]])
    waiting: list[list[int]] = []
    while to_try:
        begun = to_try.popleft()
        if any(_waits_longer(begun, each) for each in waiting):
            continue
        schedule = OneOfAll(begun)
        yield schedule
        to_try += schedule.others
        waiting += schedule.waiting


def _waits_longer(begun: Sequence[int], waiting: Sequence[int]) -> bool:
    *before, who = waiting
    between = begun[len(before) : -1]
    return begun[: len(before)] == before and begun[-1:] == [who] and bool(between) and who not in between
