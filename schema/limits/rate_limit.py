"""Rate limiting by cost: a token bucket for each user, with a refund of what a response did not need.

Buckets are in the memory of this process: with several servers, a caller has one in each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import ClassVar, NamedTuple
from uuid import UUID

from graphql import GraphQLError

from db.domain.caller import Caller, Role
from schema.limits.cost import Cost
from schema.limits.settings import LimitExceeded, OperationLimits

MAX_BUCKETS = 10_000
"""Buckets in memory; before there are more, the full ones are discarded."""


@dataclass(slots=True)
class Bucket:
    """The tokens of one caller at a moment, in seconds of the limiter's clock."""

    tokens: float
    updated_at: float


class Charge(NamedTuple):
    """What a request took from a bucket. Without a bucket the rate is not limited."""

    cost: Cost
    bucket: Bucket | None = None
    capacity: int = 0
    rate: int = 0

    def refund_unused(self, body: bytes) -> int:
        """Refund what a response did not need; return its actual cost: its objects and the flat part."""
        cost = self.cost
        # Each object opens with a brace, two of them around everything; one in a text counts as well.
        actual = min(cost.requested, cost.flat + body.count(b"{") - 2)
        if self.bucket is not None:
            self.bucket.tokens += cost.requested - actual
        return actual

    def as_extension(self, actual: int | None = None) -> dict[str, object]:
        """Return the cost as it stands in the extensions of a response."""
        extension: dict[str, object] = {"requested": self.cost.requested}
        if actual is not None:
            extension["actual"] = actual
        if self.bucket is not None:
            left = max(0, int(self.bucket.tokens))
            extension["bucket"] = {"capacity": self.capacity, "left": left, "restoresPerSecond": self.rate}
        return extension


class RateLimited(GraphQLError):
    """The bucket has fewer tokens than a request may cost; it has enough after ``retry_after`` seconds."""

    code: ClassVar[str] = "THROTTLED"

    def __init__(self, charge: Charge, retry_after: int) -> None:
        super().__init__(
            f"The request may cost {charge.cost.requested:,}, and you have less left for now. Send it again"
            f" in {retry_after} s, or ask for smaller pages.",
            extensions={"retryAfter": retry_after, "cost": charge.as_extension()},
        )
        self.retry_after = retry_after


class _RoleLimits(NamedTuple):
    cost: int
    capacity: int
    rate: int


class CostRateLimiter:
    """Keeps a bucket for each user of each organization; its size depends on the user's role."""

    def __init__(self, limits: OperationLimits, clock: Callable[[], float] = monotonic) -> None:
        self._max_complexity = limits.complexity
        self._limits = {}
        for role in Role:
            factor = limits.role_factors.get(role, 1)
            self._limits[role] = _RoleLimits(
                limits.cost * factor, limits.bucket * factor, limits.restores_per_second * factor
            )
        self._clock = clock
        self._buckets: dict[tuple[UUID, UUID], Bucket] = {}

    @property
    def buckets(self) -> int:
        """The number of buckets in memory."""
        return len(self._buckets)

    def charge(self, caller: Caller, cost: Cost) -> Charge:
        """Take what a request may cost from the caller's bucket.

        Raises:
            LimitExceeded: the cost exceeds that of any request.
            RateLimited: the bucket has fewer tokens. A cost beyond its capacity needs a full bucket.
        """
        limits = self._limits[caller.role]
        if cost.complexity > self._max_complexity:
            raise LimitExceeded("TOO_COSTLY", "complexity", self._max_complexity, cost.complexity)
        if cost.requested > limits.cost:
            raise LimitExceeded("TOO_COSTLY", "cost", limits.cost, cost.requested)
        if not limits.capacity:
            return Charge(cost)
        bucket = self._refilled_bucket((caller.organization_id, caller.user_id), limits)
        charge = Charge(cost, bucket, limits.capacity, limits.rate)
        missing = min(cost.requested, limits.capacity) - bucket.tokens
        if missing > 0:
            raise RateLimited(charge, ceil(missing / limits.rate))
        bucket.tokens -= cost.requested
        return charge

    def _refilled_bucket(self, key: tuple[UUID, UUID], limits: _RoleLimits) -> Bucket:
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= MAX_BUCKETS:
                seconds_to_fill = limits.capacity / limits.rate
                self._buckets = {
                    key: each
                    for key, each in self._buckets.items()
                    if now - each.updated_at < seconds_to_fill
                }
            bucket = self._buckets[key] = Bucket(limits.capacity, now)
        bucket.tokens = min(limits.capacity, bucket.tokens + (now - bucket.updated_at) * limits.rate)
        bucket.updated_at = now
        return bucket
