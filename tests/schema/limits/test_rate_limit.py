from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from db.domain.caller import Caller, Role
from schema.limits import rate_limit
from schema.limits.cost import Cost
from schema.limits.rate_limit import CostRateLimiter, RateLimited
from schema.limits.settings import OperationLimits
from tests.builders import NOW

ADA = Caller(UUID(int=1), UUID(int=2), Role.SALES, NOW)
LIMITS = OperationLimits(bucket=100, restores_per_second=10, role_factors={Role.ADMIN: 3})


@dataclass
class Clock:
    """Says what time it is made to be."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def costing(requested: int, flat: int = 1) -> Cost:
    return Cost(requested, flat, complexity=1)


def test_who_asks_more_than_is_left_is_told_when_there_is_enough() -> None:
    throttle = CostRateLimiter(LIMITS, Clock())
    throttle.charge(ADA, costing(70))

    with pytest.raises(RateLimited) as refusal:
        throttle.charge(ADA, costing(65))

    assert refusal.value.retry_after == 4
    assert refusal.value.extensions == {
        "retryAfter": 4,
        "cost": {"requested": 65, "bucket": {"capacity": 100, "left": 30, "restoresPerSecond": 10}},
    }


def test_a_bucket_fills_up_by_the_second_and_no_further() -> None:
    clock = Clock()
    throttle = CostRateLimiter(LIMITS, clock)
    throttle.charge(ADA, costing(100))

    clock.now = 4
    throttle.charge(ADA, costing(40))
    clock.now = 60
    charge = throttle.charge(ADA, costing(1))

    assert charge.as_extension()["bucket"]["left"] == 99


def test_what_an_answer_did_not_need_is_given_back() -> None:
    throttle = CostRateLimiter(LIMITS, Clock())
    charge = throttle.charge(ADA, costing(90, flat=11))

    actual = charge.refund_unused(b'{"data":{"quotes":{"nodes":[{"id":"1"},{"id":"2"}]}}}')

    assert charge.as_extension(actual) == {
        "requested": 90,
        "actual": 11 + 3,
        "bucket": {"capacity": 100, "left": 86, "restoresPerSecond": 10},
    }


def test_braces_in_texts_cost_no_more_than_was_requested() -> None:
    throttle = CostRateLimiter(LIMITS, Clock())
    assert throttle.charge(ADA, costing(3)).refund_unused(b'{"data":{"quote":{"name":"{{{{{{"}}}') == 3


@pytest.mark.parametrize(
    "other", [replace(ADA, user_id=UUID(int=3)), replace(ADA, organization_id=UUID(int=3))]
)
def test_each_user_of_each_organization_has_a_bucket(other: Caller) -> None:
    throttle = CostRateLimiter(LIMITS, Clock())
    throttle.charge(ADA, costing(100))
    assert throttle.charge(other, costing(100)).as_extension()["bucket"]["left"] == 0


def test_a_role_multiplies_the_bucket() -> None:
    throttle = CostRateLimiter(LIMITS, Clock())
    charge = throttle.charge(replace(ADA, role=Role.ADMIN), costing(120))
    assert charge.as_extension()["bucket"] == {"capacity": 300, "left": 180, "restoresPerSecond": 30}


def test_what_costs_more_than_a_bucket_holds_needs_a_full_one() -> None:
    clock = Clock()
    throttle = CostRateLimiter(LIMITS, clock)
    throttle.charge(ADA, costing(250))

    clock.now = 24
    with pytest.raises(RateLimited) as refusal:
        throttle.charge(ADA, costing(250))
    clock.now = 25
    throttle.charge(ADA, costing(250))

    assert refusal.value.retry_after == 1


def test_without_a_bucket_nobody_is_throttled() -> None:
    throttle = CostRateLimiter(OperationLimits(bucket=0), Clock())
    charges = [throttle.charge(ADA, costing(100_000)) for _ in range(100)]
    assert charges[-1].as_extension(actual=7) == {"requested": 100_000, "actual": 7}


def test_full_buckets_are_let_go_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_BUCKETS", 2)
    clock = Clock()
    throttle = CostRateLimiter(LIMITS, clock)
    for number in range(2):
        throttle.charge(replace(ADA, user_id=UUID(int=number)), costing(100))
    clock.now = 9
    throttle.charge(replace(ADA, user_id=UUID(int=1)), costing(10))
    clock.now = 10

    throttle.charge(replace(ADA, user_id=UUID(int=2)), costing(1))

    assert throttle.buckets == 2
    assert (
        throttle.charge(replace(ADA, user_id=UUID(int=1)), costing(1)).as_extension()["bucket"]["left"] == 89
    )
