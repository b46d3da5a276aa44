"""The places of a pool, each with a connection that is idle, or yet to be opened.

A connection works for one organization, or for every one, until somebody needs it for another: telling it so
takes a round trip. So whoever asks gets one that works for the right organization already, if there is any.
"""

from typing import Any, NamedTuple
from uuid import UUID

from db.postgres.fair_semaphore import Line


class Place(NamedTuple):
    """Room for a connection, which works for an organization or, without one, for all of them."""

    connection: Any = None
    organization_id: UUID | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that can be used."""
        return self.connection is not None and not self.connection.is_closed()

    def cut(self) -> None:
        """Close the connection at once, if there is one."""
        if self.connection is not None:
            self.connection.terminate()


class Places:
    """A stack of places that nobody uses; there are ``size`` of them at first, all without a connection.

    Whoever finds none stands in line for at most ``wait`` seconds.
    """

    def __init__(self, size: int, wait: float) -> None:
        self._stack = [Place()] * size
        self._line = Line(wait, self.put)

    @property
    def number(self) -> int:
        """How many there are now."""
        return len(self._stack)

    @property
    def open(self) -> int:
        """How many of them have a connection."""
        return sum(place.is_open for place in self._stack)

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return self._line.length

    @property
    def connections(self) -> set[Any]:
        """The connections that are idle."""
        return {place.connection for place in self._stack if place.connection is not None}

    def ready(self, organization_id: UUID | None) -> Place | None:
        """Take out the one used last, if its connection works for the organization already; else None."""
        if not self._stack:
            return None
        place = self._stack[-1]
        return self._stack.pop() if place.organization_id == organization_id and place.is_open else None

    async def take(self, organization_id: UUID | None) -> Place:
        """Take one out: the latest that works for the organization, else an empty, else the least used one.

        Whoever finds none gets the next that is put back.

        Raises:
            TimeoutError: there was none in time.
        """
        if self._stack:
            return self._stack.pop(self._choice(organization_id))
        return await self._line.stand()

    def put(self, place: Place) -> None:
        """Hand one to the first in line, or put it on top."""
        if not self._line.serve(place):
            self._stack.append(place)

    def cut(self) -> None:
        """Close every connection at once."""
        for place in self._stack:
            place.cut()
        self._stack = [Place()] * len(self._stack)

    def _choice(self, organization_id: UUID | None) -> int:
        choice = 0
        for number in reversed(range(len(self._stack))):
            place = self._stack[number]
            if place.connection is None:
                choice = number
            elif place.organization_id == organization_id:
                return number
        return choice
