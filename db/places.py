"""The places of a pool, each with a connection that is idle, or yet to be opened.

A connection works for one organization, or for every one, until somebody needs it for another: telling it so
takes a round trip. So whoever asks gets one that works for the right organization already, if there is any.
"""

import asyncio
from typing import Any, NamedTuple
from uuid import UUID


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

    ``waiting`` say how many wait for one.
    """

    def __init__(self, size: int) -> None:
        self.waiting = 0
        self._stack = [Place()] * size
        self._number = asyncio.Semaphore(size)

    @property
    def number(self) -> int:
        """How many there are now."""
        return len(self._stack)

    @property
    def open(self) -> int:
        """How many of them have a connection."""
        return sum(place.is_open for place in self._stack)

    async def take(self, organization_id: UUID | None, wait: float) -> Place:
        """Take one out: the latest that works for the organization, else an empty, else the least used one.

        Raises:
            TimeoutError: there was none for ``wait`` seconds.
        """
        if self._number.locked():
            await self._turn(wait)
        else:
            await self._number.acquire()
        return self._stack.pop(self._choice(organization_id))

    async def _turn(self, wait: float) -> None:
        self.waiting += 1
        try:
            async with asyncio.timeout(wait):
                await self._number.acquire()
        finally:
            self.waiting -= 1

    def put(self, place: Place) -> None:
        """Put one on top."""
        self._stack.append(place)
        self._number.release()

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
