"""What a caller may ask for in a while: a bucket that each answer takes from, and that fills up again.

Buckets are kept in this process: where several serve, a caller has one in each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from graphql import GraphQLError

from db.domain.caller import Caller, Role
from schema.limits.cost import Cost
from schema.limits.settings import LimitExceeded, OperationLimits

MAX_BUCKETS = 10_000
"""How many are kept; before there are more, those are let go that are full again."""


@dataclass(slots=True)
class Bucket:
    """What a caller has left, as it was at a moment."""

    left: float
    at: float


class Charge(NamedTuple):
    """What a request took from a bucket; without one, nothing is throttled."""

    cost: Cost
    bucket: Bucket | None = None
    capacity: int = 0
    rate: int = 0

    def refund_unused(self, body: bytes) -> int:
        """Give back what an answer did not need, and return what it cost: its objects and what is flat."""
        cost = self.cost
        # Each object opens with a brace, two of them around everything; one in a text counts as well.
        actual = min(cost.requested, cost.flat + body.count(b"{") - 2)
        if self.bucket is not None:
            self.bucket.left += cost.requested - actual
        return actual

    def as_extension(self, actual: int | None = None) -> dict[str, Any]:
        """Return the cost as clients are told it."""
        told: dict[str, Any] = {"requested": self.cost.requested}
        if actual is not None:
            told["actual"] = actual
        if self.bucket is not None:
            left = max(0, int(self.bucket.left))
            told["bucket"] = {"capacity": self.capacity, "left": left, "restoresPerSecond": self.rate}
        return told


class RateLimited(GraphQLError):
    """The bucket holds less than a request may cost; it has enough after ``retry_after`` seconds."""

    code: ClassVar[str] = "THROTTLED"

    def __init__(self, charge: Charge, retry_after: int) -> None:
        super().__init__(
            f"The request may cost {charge.cost.requested:,}, and you have less left for now. Send it again"
            f" in {retry_after} s, or ask for smaller pages.",
            extensions={"retryAfter": retry_after, "cost": charge.as_extension()},
        )
        self.retry_after = retry_after


class _Allowed(NamedTuple):
    cost: int
    capacity: int
    rate: int

    @classmethod
    def of(cls, limits: OperationLimits, factor: int) -> "_Allowed":
        return cls(limits.cost * factor, limits.bucket * factor, limits.restores_per_second * factor)


class CostRateLimiter:
    """Keeps a bucket for each user of each organization; how large it is depends on the user's role."""

    def __init__(self, limits: OperationLimits, clock: Callable[[], float] = monotonic) -> None:
        self._most_complexity = limits.complexity
        self._allowed = {role: _Allowed.of(limits, limits.role_factors.get(role, 1)) for role in Role}
        self._clock = clock
        self._buckets: dict[tuple[UUID, UUID], Bucket] = {}

    @property
    def buckets(self) -> int:
        """How many are kept."""
        return len(self._buckets)

    def charge(self, caller: Caller, cost: Cost) -> Charge:
        """Take what a request may cost.

        Raises:
            Exceeded: it is more than any request may cost.
            Throttled: the bucket holds less.
        """
        allowed = self._allowed[caller.role]
        if cost.complexity > self._most_complexity:
            raise LimitExceeded("TOO_COSTLY", "complexity", self._most_complexity, cost.complexity)
        if cost.requested > allowed.cost:
            raise LimitExceeded("TOO_COSTLY", "cost", allowed.cost, cost.requested)
        return self._taken(caller, cost, allowed) if allowed.capacity else Charge(cost)

    def _taken(self, caller: Caller, cost: Cost, allowed: _Allowed) -> Charge:
        capacity, rate = allowed.capacity, allowed.rate
        bucket = self._bucket((caller.organization_id, caller.user_id), capacity, rate)
        lacking = min(cost.requested, capacity) - bucket.left
        charge = Charge(cost, bucket, capacity, rate)
        if lacking > 0:
            raise RateLimited(charge, ceil(lacking / rate))
        bucket.left -= cost.requested
        return charge

    def _bucket(self, key: tuple[UUID, UUID], capacity: int, rate: int) -> Bucket:
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= MAX_BUCKETS:
                self._let_go(now, capacity, rate)
            bucket = self._buckets[key] = Bucket(capacity, now)
        bucket.left = min(capacity, bucket.left + (now - bucket.at) * rate)
        bucket.at = now
        return bucket

    def _let_go(self, now: float, capacity: int, rate: int) -> None:
        idle = capacity / rate
        self._buckets = {key: each for key, each in self._buckets.items() if now - each.at < idle}
