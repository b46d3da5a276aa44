"""How long the database may take."""

from dataclasses import dataclass

GRACE_SECONDS = 1.0
"""Seconds more for PostgreSQL to say that a statement's time is over; after them it counts as silent."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds; None is for as long as it takes, which suits an import.

    ``statement`` is for one statement, ``wait`` for what it needs first: a connection, its turn, a lock.
    """

    statement: float | None = None
    wait: float = 30.0


NO_TIMEOUT = Timeouts()
