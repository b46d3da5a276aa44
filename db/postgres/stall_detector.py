"""Finding connections that are silent: one look at all of them, again and again.

A timer for each statement would be a fiftieth of what a small read takes.
"""

from collections.abc import Iterable
from math import ceil
from typing import Any

LOOK = 0.1
"""Seconds from one look to the next."""


class Silence:
    """Tells which connections have not answered for ``seconds``.

    Time is counted in looks: when the program itself stands still, nobody else was silent.
    """

    def __init__(self, seconds: float) -> None:
        self._most = ceil(seconds / LOOK)
        self._seen: dict[Any, tuple[int, int]] = {}

    def of(self, working: Iterable[Any]) -> list[Any]:
        """Look at the connections that work; return those that were ``asked`` nothing new for too long."""
        self._seen = {each: (each.asked, self._looks(each)) for each in working}
        return [each for each, (_, looks) in self._seen.items() if looks > self._most]

    def _looks(self, connection: Any) -> int:
        """Count the looks at a connection since it was asked something."""
        asked, looks = self._seen.get(connection, (None, 0))
        return looks + 1 if asked == connection.asked else 1
