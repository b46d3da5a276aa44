"""Rate limiting: each user has a token bucket for cost, one for new documents, one for database time."""

from collections.abc import Callable
from math import ceil
from time import monotonic
from typing import ClassVar, NamedTuple

from graphql import GraphQLError

from db.domain.caller import Caller, Role
from schema.limits.cost import Cost
from schema.limits.settings import LimitExceeded, OperationLimits
from schema.limits.token_buckets import Bucket, TokenBuckets


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
    """A bucket has fewer tokens than a request needs; it has enough after ``retry_after`` seconds."""

    code: ClassVar[str] = "THROTTLED"

    def __init__(self, message: str, retry_after: int, **extensions: object) -> None:
        super().__init__(message, extensions={"code": self.code, "retryAfter": retry_after, **extensions})
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
        self._buckets = TokenBuckets(clock)

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
        bucket = self._buckets.refilled(caller, limits.capacity, limits.rate)
        charge = Charge(cost, bucket, limits.capacity, limits.rate)
        if seconds := _seconds_to_wait(bucket, cost.requested, limits.capacity, limits.rate):
            raise RateLimited(
                f"The request may cost {cost.requested:,}, and you have less left for now. Send it again in"
                f" {seconds} s, or ask for smaller pages.",
                seconds,
                cost=charge.as_extension(),
            )
        bucket.tokens -= cost.requested
        return charge


class PreparationLimiter:
    """Charges users for documents that are not prepared yet.

    One unit is a token to be parsed and validated, or a unit of complexity to be planned: about 25
    microseconds of CPU time on a slow machine.
    """

    def __init__(self, limits: OperationLimits, clock: Callable[[], float] = monotonic) -> None:
        self._capacity = limits.preparation_bucket
        self._rate = limits.preparation_restores_per_second
        self._buckets = TokenBuckets(clock)

    def charge(self, caller: Caller, units: int) -> None:
        """Take the units of one step, whether or not the document turns out to be valid.

        Raises:
            RateLimited: the bucket has fewer.
        """
        if not self._capacity:
            return
        bucket = self._buckets.refilled(caller, self._capacity, self._rate)
        if seconds := _seconds_to_wait(bucket, units, self._capacity, self._rate):
            raise RateLimited(
                f"You have sent many new documents, which take long to prepare. Send this one again in"
                f" {seconds} s. Pass values as variables: a document that was executed is prepared.",
                seconds,
            )
        bucket.tokens -= units


class DatabaseTimeLimiter:
    """Charges users for the seconds that their requests keep connections to the database busy."""

    def __init__(self, limits: OperationLimits, clock: Callable[[], float] = monotonic) -> None:
        self._capacity = limits.database_bucket
        self._rate = limits.database_restores_per_second
        self._buckets = TokenBuckets(clock)

    def bucket(self, caller: Caller) -> Bucket:
        """Return the bucket from which to take the seconds of the caller's next request when it has ended.

        Raises:
            RateLimited: earlier requests have used more than it had.
        """
        if not self._capacity:
            return Bucket(0, 0)
        bucket = self._refilled(caller)
        if seconds := _seconds_to_wait(bucket, 0, self._capacity, self._rate):
            raise RateLimited(
                f"Your requests have kept the database busy for too long. Send this one again in {seconds} s,"
                " with fewer conditions or smaller pages.",
                seconds,
            )
        return bucket

    def charge(self, caller: Caller, seconds: float) -> None:
        """Take the seconds of a read that serves several callers, whether or not the bucket has them."""
        if self._capacity:
            self._refilled(caller).tokens -= seconds

    def _refilled(self, caller: Caller) -> Bucket:
        return self._buckets.refilled(caller, self._capacity, self._rate)


def _seconds_to_wait(bucket: Bucket, needed: float, capacity: float, rate: float) -> int:
    """Return the seconds until a bucket has the tokens, or is full if they are more than its capacity."""
    return max(0, ceil((min(needed, capacity) - bucket.tokens) / rate))
