"""Quotas of what one caller may hold open at once, such as sockets and subscriptions."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from graphql import GraphQLError

from db.domain.caller import Caller


class QuotaExceeded(GraphQLError):
    """The caller holds the maximum of something open."""

    def __init__(self, maximum: int, what: str) -> None:
        message = f"You hold {maximum} {what} open, as many as one may. Close some first."
        super().__init__(message, extensions={"code": "THROTTLED"})


class ConcurrencyQuota:
    """Counts what each user of each organization holds open; ``what`` names it in messages."""

    def __init__(self, maximum: int, what: str) -> None:
        self._maximum = maximum
        self._what = what
        self._held: Counter[tuple[UUID, UUID]] = Counter()

    @contextmanager
    def acquire(self, caller: Caller) -> Iterator[None]:
        """Hold one while the block runs.

        Raises:
            QuotaExceeded: the caller holds the maximum.
        """
        key = caller.organization_id, caller.user_id
        if self._held[key] >= self._maximum:
            raise QuotaExceeded(self._maximum, self._what)
        self._held[key] += 1
        try:
            yield
        finally:
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]
