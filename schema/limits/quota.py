"""What a caller may hold open at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from graphql import GraphQLError

from db.domain.caller import Caller


class QuotaExceeded(GraphQLError):
    """The caller holds as many of something as one may."""

    def __init__(self, most: int, what: str) -> None:
        message = f"You hold {most} {what} open, as many as one may. Close some first."
        super().__init__(message, extensions={"code": "THROTTLED"})


class ConcurrencyQuota:
    """Counts what each user of each organization holds: at most so many of what the words say."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._taken: Counter[tuple[UUID, UUID]] = Counter()

    @contextmanager
    def acquire(self, caller: Caller) -> Iterator[None]:
        """Take one while the block runs.

        Raises:
            TooManyHeld: there is none left for this caller.
        """
        key = caller.organization_id, caller.user_id
        if self._taken[key] >= self._most:
            raise QuotaExceeded(self._most, self._what)
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]
