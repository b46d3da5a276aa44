"""Token buckets: one for each user, filled continuously up to its capacity.

They are in the memory of this process: with several servers, a user has one in each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from db.domain.caller import Caller

MAX_BUCKETS = 10_000
"""Buckets in memory; before there are more, the full ones are discarded."""


@dataclass(slots=True)
class Bucket:
    """The tokens of one user at a moment, in seconds of the clock."""

    tokens: float
    updated_at: float


class TokenBuckets:
    """The buckets of all users for one kind of consumption; ``len()`` is their number in memory."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[UUID, UUID], Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def refilled(self, caller: Caller, capacity: float, rate: float) -> Bucket:
        """Return the caller's bucket with the tokens of this moment; ``rate`` is in tokens per second."""
        now = self._clock()
        key = caller.organization_id, caller.user_id
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= MAX_BUCKETS:
                self._buckets = {
                    key: each
                    for key, each in self._buckets.items()
                    if each.tokens + (now - each.updated_at) * rate < capacity
                }
            bucket = self._buckets[key] = Bucket(capacity, now)
        bucket.tokens = min(capacity, bucket.tokens + (now - bucket.updated_at) * rate)
        bucket.updated_at = now
        return bucket
