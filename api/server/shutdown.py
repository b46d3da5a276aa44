"""Stopping: who must know of it is told, before what runs is waited for."""

from collections.abc import Callable


class Shutdown:
    """Says whether the server stops; ``tell`` names who is told when it does."""

    def __init__(self) -> None:
        self.is_draining = False
        self._told: list[Callable[[], None]] = []

    def add_callback(self, stop: Callable[[], None]) -> None:
        """Call ``stop`` when the server stops."""
        self._told.append(stop)

    def start_draining(self) -> None:
        """Say that the server is not for new clients any more."""
        self.is_draining = True

    def notify(self) -> None:
        """End what would go on for ever."""
        for stop in self._told:
            stop()
