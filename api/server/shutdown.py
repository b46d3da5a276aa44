"""Graceful shutdown: a flag for the readiness check, and callbacks that end endless responses."""

from collections.abc import Callable


class Shutdown:
    """The state of a server's shutdown: first it drains, then it calls each callback."""

    def __init__(self) -> None:
        self.is_draining = False
        self._callbacks: list[Callable[[], None]] = []

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Register a function that ends what would not end by itself, such as subscriptions."""
        self._callbacks.append(callback)

    def start_draining(self) -> None:
        """Report that the server takes no new clients."""
        self.is_draining = True

    def notify(self) -> None:
        """Call every callback."""
        for callback in self._callbacks:
            callback()
