"""How long the database may take."""

from dataclasses import dataclass

GRACE_SECONDS = 1.0
"""Time beyond the statement timeout after which a PostgreSQL that has not answered counts as silent."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Timeouts in seconds.

    ``statement`` is for one statement; None is for as long as it takes, which suits an import. ``acquire`` is
    for what a statement needs first: a connection, the right to write, a lock.
    """

    statement: float | None = None
    acquire: float = 30.0


NO_TIMEOUT = Timeouts()
