from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from db.domain.caller import Caller, Role
from schema.limits.cost import Cost
from schema.limits.rate_limit import (
    CostRateLimiter,
    DatabaseTimeLimiter,
    PreparationLimiter,
    RateLimited,
)
from schema.limits.settings import OperationLimits
from tests.builders import NOW

ADA = Caller(UUID(int=1), UUID(int=2), Role.SALES, NOW)
LIMITS = OperationLimits(bucket=100, restores_per_second=10, role_factors={Role.ADMIN: 3})
PREPARATION = OperationLimits(preparation_bucket=100, preparation_restores_per_second=10)
DATABASE_TIME = OperationLimits(database_bucket=3.0, database_restores_per_second=1.0)


@dataclass
class Clock:
    """A clock that the test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def cost(requested: int, flat: int = 1) -> Cost:
    return Cost(requested, flat, complexity=1)


def bucket(left: int) -> dict[str, int]:
    """Return a bucket of the limits as clients see it."""
    return {"capacity": 100, "left": left, "restoresPerSecond": 10}


def test_a_request_beyond_the_bucket_is_refused_with_the_seconds_to_wait() -> None:
    limiter = CostRateLimiter(LIMITS, Clock())
    limiter.charge(ADA, cost(70))

    with pytest.raises(RateLimited) as error:
        limiter.charge(ADA, cost(65))

    assert error.value.retry_after == 4
    assert error.value.extensions == {
        "code": "THROTTLED",
        "retryAfter": 4,
        "cost": {"requested": 65, "bucket": bucket(left=30)},
    }


def test_a_bucket_refills_per_second_up_to_its_capacity() -> None:
    clock = Clock()
    limiter = CostRateLimiter(LIMITS, clock)
    limiter.charge(ADA, cost(100))

    clock.now = 4
    limiter.charge(ADA, cost(40))
    clock.now = 60
    charge = limiter.charge(ADA, cost(1))

    assert charge.as_extension()["bucket"] == bucket(left=99)


def test_what_a_response_did_not_need_is_refunded() -> None:
    limiter = CostRateLimiter(LIMITS, Clock())
    charge = limiter.charge(ADA, cost(90, flat=11))

    actual = charge.refund_unused(b'{"data":{"quotes":{"nodes":[{"id":"1"},{"id":"2"}]}}}')

    assert charge.as_extension(actual) == {"requested": 90, "actual": 11 + 3, "bucket": bucket(left=86)}


def test_braces_in_texts_cost_no_more_than_was_requested() -> None:
    limiter = CostRateLimiter(LIMITS, Clock())
    assert limiter.charge(ADA, cost(3)).refund_unused(b'{"data":{"quote":{"name":"{{{{{{"}}}') == 3


@pytest.mark.parametrize(
    "other", [replace(ADA, user_id=UUID(int=3)), replace(ADA, organization_id=UUID(int=3))]
)
def test_each_user_of_each_organization_has_a_bucket(other: Caller) -> None:
    limiter = CostRateLimiter(LIMITS, Clock())
    limiter.charge(ADA, cost(100))
    assert limiter.charge(other, cost(100)).as_extension()["bucket"] == bucket(left=0)


def test_a_role_multiplies_the_bucket() -> None:
    limiter = CostRateLimiter(LIMITS, Clock())
    charge = limiter.charge(replace(ADA, role=Role.ADMIN), cost(120))
    assert charge.as_extension()["bucket"] == {"capacity": 300, "left": 180, "restoresPerSecond": 30}


def test_a_cost_beyond_the_capacity_needs_a_full_bucket() -> None:
    clock = Clock()
    limiter = CostRateLimiter(LIMITS, clock)
    limiter.charge(ADA, cost(250))

    clock.now = 24
    with pytest.raises(RateLimited) as error:
        limiter.charge(ADA, cost(250))
    clock.now = 25
    limiter.charge(ADA, cost(250))

    assert error.value.retry_after == 1


def test_without_a_bucket_the_rate_is_not_limited() -> None:
    limiter = CostRateLimiter(OperationLimits(bucket=0), Clock())
    charges = [limiter.charge(ADA, cost(100_000)) for _ in range(100)]
    assert charges[-1].as_extension(actual=7) == {"requested": 100_000, "actual": 7}


def test_new_documents_are_charged_by_their_units() -> None:
    clock = Clock()
    limiter = PreparationLimiter(PREPARATION, clock)
    limiter.charge(ADA, 100)
    limiter.charge(replace(ADA, user_id=UUID(int=3)), 100)

    with pytest.raises(RateLimited) as error:
        limiter.charge(ADA, 31)
    clock.now = 4
    limiter.charge(ADA, 40)

    assert (error.value.code, error.value.retry_after) == ("THROTTLED", 4)


def test_a_document_beyond_the_capacity_needs_a_full_bucket() -> None:
    limiter = PreparationLimiter(PREPARATION, Clock())
    limiter.charge(ADA, 250)
    with pytest.raises(RateLimited) as error:
        limiter.charge(ADA, 1)
    assert error.value.retry_after == 16


def test_time_in_the_database_is_charged_afterwards() -> None:
    clock = Clock()
    limiter = DatabaseTimeLimiter(DATABASE_TIME, clock)
    limiter.bucket(ADA).tokens -= 7.0

    with pytest.raises(RateLimited) as error:
        limiter.bucket(ADA)
    limiter.bucket(replace(ADA, organization_id=UUID(int=3)))
    clock.now = 4
    limiter.bucket(ADA)

    assert (error.value.code, error.value.retry_after) == ("THROTTLED", 4)


def test_without_their_buckets_documents_and_database_are_not_limited() -> None:
    unlimited = OperationLimits(preparation_bucket=0, database_bucket=0)
    documents, database = PreparationLimiter(unlimited, Clock()), DatabaseTimeLimiter(unlimited, Clock())
    for _ in range(100):
        documents.charge(ADA, 100_000)
        database.bucket(ADA).tokens -= 100.0
