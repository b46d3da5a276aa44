from dataclasses import replace
from uuid import UUID

import pytest

from db.domain.caller import Caller, Role
from schema.limits import token_buckets
from schema.limits.token_buckets import TokenBuckets
from tests.builders import NOW

ADA = Caller(UUID(int=1), UUID(int=2), Role.SALES, NOW)


def test_full_buckets_are_discarded_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_buckets, "MAX_BUCKETS", 3)
    times = iter([0.0, 0.0, 0.0, 9.0, 10.0, 10.0])
    buckets = TokenBuckets(lambda: next(times))
    users = [replace(ADA, user_id=UUID(int=number)) for number in range(4)]
    for user, used in zip(users[:3], (100, 100, 150), strict=True):
        buckets.refilled(user, 100, 10).tokens -= used
    buckets.refilled(users[1], 100, 10).tokens -= 10

    buckets.refilled(users[3], 100, 10)

    assert len(buckets) == 3  # the first user's was full
    assert buckets.refilled(users[2], 100, 10).tokens == 50
