"""Comparators: how one value of a row is compared. All that are sent must hold; null counts as not sent."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import strawberry

from schema.leaf_types.enums import (
    ActivityState,
    OpportunityState,
    QuoteLineKind,
    QuoteState,
    QuoteStatusReason,
)

T = TypeVar("T", bound=type[Any])

_EQ = "Equal to this."
_IN = "Equal to one of these; an empty list matches nothing."
_NOT_IN = "Equal to none of these."
_GT = "After or above this."
_GTE = "This, or after or above it."
_LT = "Before or below this."
_LTE = "This, or before or below it."
_IS_NULL = "Whether the value is missing."


def _comparator(description: str) -> Any:
    return strawberry.field(description=description, default=None)


@strawberry.input(description="Compares a text.")
class StringFilter:
    """For names, numbers and references."""

    eq: str | None = _comparator("Equal to this, letter by letter.")
    in_: list[str] | None = strawberry.field(name="in", description=_IN, default=None)
    contains_ignore_case: str | None = _comparator("Contains this; letter case doesn't count.")


@strawberry.input(description="Compares the id of a related object.")
class IDFilter:
    """For references to other objects."""

    eq: strawberry.ID | None = _comparator(_EQ)
    in_: list[strawberry.ID] | None = strawberry.field(name="in", description=_IN, default=None)


@strawberry.input(description="Compares a whole number.")
class IntFilter:
    """For counts and codes."""

    eq: int | None = _comparator(_EQ)
    in_: list[int] | None = strawberry.field(name="in", description=_IN, default=None)
    gt: int | None = _comparator(_GT)
    gte: int | None = _comparator(_GTE)
    lt: int | None = _comparator(_LT)
    lte: int | None = _comparator(_LTE)


@strawberry.input(description="Compares an amount, whatever its currency.")
class DecimalFilter:
    """For amounts of money."""

    eq: Decimal | None = _comparator(_EQ)
    gt: Decimal | None = _comparator(_GT)
    gte: Decimal | None = _comparator(_GTE)
    lt: Decimal | None = _comparator(_LT)
    lte: Decimal | None = _comparator(_LTE)
    is_null: bool | None = _comparator(_IS_NULL)


@strawberry.input(description="Compares a day.")
class DateFilter:
    """For dates without a time."""

    eq: date | None = _comparator(_EQ)
    gt: date | None = _comparator(_GT)
    gte: date | None = _comparator(_GTE)
    lt: date | None = _comparator(_LT)
    lte: date | None = _comparator(_LTE)
    is_null: bool | None = _comparator(_IS_NULL)


@strawberry.input(description="Compares an instant.")
class DateTimeFilter:
    """For moments in time."""

    gt: datetime | None = _comparator(_GT)
    gte: datetime | None = _comparator(_GTE)
    lt: datetime | None = _comparator(_LT)
    lte: datetime | None = _comparator(_LTE)


@strawberry.input(description="Compares a truth value.")
class BooleanFilter:
    """For flags."""

    eq: bool | None = _comparator(_EQ)


@strawberry.input(description="Compares the state of an opportunity.")
class OpportunityStateFilter:
    """For opportunities and their status reasons."""

    eq: OpportunityState | None = _comparator(_EQ)
    in_: list[OpportunityState] | None = strawberry.field(name="in", description=_IN, default=None)
    not_in: list[OpportunityState] | None = _comparator(_NOT_IN)


@strawberry.input(description="Compares the state of a close activity.")
class ActivityStateFilter:
    """For closings that stand or were canceled."""

    eq: ActivityState | None = _comparator(_EQ)


@strawberry.input(description="Compares the state of a quote.")
class QuoteStateFilter:
    """For quotes."""

    eq: QuoteState | None = _comparator(_EQ)
    in_: list[QuoteState] | None = strawberry.field(name="in", description=_IN, default=None)
    not_in: list[QuoteState] | None = _comparator(_NOT_IN)


@strawberry.input(description="Compares the status reason of a quote.")
class QuoteStatusReasonFilter:
    """For quotes."""

    eq: QuoteStatusReason | None = _comparator(_EQ)
    in_: list[QuoteStatusReason] | None = strawberry.field(name="in", description=_IN, default=None)


@strawberry.input(description="Compares what a quote line sells.")
class QuoteLineKindFilter:
    """For quote lines."""

    eq: QuoteLineKind | None = _comparator(_EQ)
