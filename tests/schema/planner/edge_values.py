"""Edge values: missing ones, equal ones, limits, and texts with characters that need escaping."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from db.domain.validation import MAX_DATE, MIN_DATE
from tests.builders import NOW

T = TypeVar("T")

TEXTS = (
    "Harbour crane",
    "harbour crane",
    "HARBOUR crane 2",
    "Ærø ferry, refit",
    'The "quoted" \\ one / slash',
    "Tab\tline\r\nend \x01\x1f\x7f",
    "Separated\u2028by\u2029nothing",
    "🏗️ 𝄞 café cafe\u0301",
    "%s %(x)s {0} $1 :name ? \\u0041",
    "'; DROP TABLE quote; -- \"",
    "",
    "日本語の見積",
    "null",
)
AMOUNTS = tuple(
    map(Decimal, ("0.00", "5000.00", "0.01", "1000000000000.00", "5000.00", "99.90", "123456789.01", "7.00"))
)
QUANTITIES = tuple(map(Decimal, ("1.00", "0.05", "2.55")))
DAYS = (date(2026, 3, 31), date(2026, 11, 22), MIN_DATE, MAX_DATE, NOW.date())
INSTANTS = (
    NOW,
    NOW - timedelta(days=400),
    NOW - timedelta(microseconds=1),
    datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)


def pick(pool: Sequence[T], number: int, stride: int = 1) -> T:
    """Return an element of the pool by a row's number; columns with different strides vary independently."""
    return pool[number * stride % len(pool)]
