"""Schedules of concurrent writes: random ones, or all of them."""

import random
from collections import deque
from collections.abc import Iterator, Sequence


class RandomSchedule:
    """A schedule that chooses at random."""

    def choose(self, runnable: Sequence[int]) -> int:
        """Return any of them."""
        return random.choice(runnable)

    def block(self) -> None:
        """Ignore it."""


class PrefixSchedule:
    """A schedule that begins with given choices, and records the alternatives to each later choice."""

    def __init__(self, prefix: Sequence[int]) -> None:
        self._prefix = prefix
        self._choices: list[int] = []
        self.alternatives: list[list[int]] = []
        self.blocked: list[list[int]] = []

    def choose(self, runnable: Sequence[int]) -> int:
        """Follow the prefix; after it, choose the first."""
        position = len(self._choices)
        chosen = self._prefix[position] if position < len(self._prefix) else runnable[0]
        if position >= len(self._prefix):
            self.alternatives += [[*self._choices, other] for other in runnable[1:]]
        self._choices.append(chosen)
        return chosen

    def block(self) -> None:
        """Record the choices that led to it."""
        self.blocked.append(list(self._choices))


def all_schedules() -> Iterator[PrefixSchedule]:
    """Yield every schedule of two writers; run each before you take the next.

    A writer that waits for the other's lock sees nothing until it gets it. Whether it starts to wait now or
    one statement of the other later makes no difference, so only the first of these schedules is yielded.
    """
    to_try = deque[list[int]]([[]])
    blocked: list[list[int]] = []
    while to_try:
        prefix = to_try.popleft()
        if any(_blocks_later(prefix, each) for each in blocked):
            continue
        schedule = PrefixSchedule(prefix)
        yield schedule
        to_try += schedule.alternatives
        blocked += schedule.blocked


def _blocks_later(prefix: Sequence[int], blocked: Sequence[int]) -> bool:
    """Return whether a prefix differs from a blocked one only by statements before the same wait."""
    *before, writer = blocked
    between = prefix[len(before) : -1]
    return (
        prefix[: len(before)] == before
        and prefix[-1:] == [writer]
        and bool(between)
        and writer not in between
    )
