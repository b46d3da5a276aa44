"""Input types of comparators: how a filter compares one value of a row. All that are sent must hold.

Null is refused, because it would be taken for no condition; only in ``eq`` it can mean a missing value.
"""

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
from schema.planner.plan.declarations import FieldDeclaration

T = TypeVar("T", bound=type[Any])

_EQUALS_NULL = " Null: the value is missing; it is refused where the value never is."
_EQ = "Equal to this." + _EQUALS_NULL
_IN = "Equal to one of these; an empty list matches nothing."
_NOT_IN = "Equal to none of these; an empty list matches everything."
_GT = "Greater or later than this."
_GTE = "Greater or later than this, or equal to it."
_LT = "Less or earlier than this."
_LTE = "Less or earlier than this, or equal to it."
_IS_NULL = "True: the value is missing. False: it is not."


def _comparator(description: str, name: str | None = None) -> FieldDeclaration:
    """Declare a comparator that needs not be sent."""
    return strawberry.field(name=name, description=description, default=None)


def _comparators(cls: T) -> T:
    return strawberry.input(cls, description=cls.__doc__)


@_comparators
class StringFilter:
    """Compares a text."""

    eq: str | None = _comparator("Equal to this, letter case included." + _EQUALS_NULL)
    in_: list[str] | None = _comparator(_IN, name="in")
    contains_ignore_case: str | None = _comparator("Contains this, regardless of letter case.")


@_comparators
class IDFilter:
    """Compares the id of an object."""

    eq: strawberry.ID | None = _comparator(_EQ)
    in_: list[strawberry.ID] | None = _comparator(_IN, name="in")


@_comparators
class IntFilter:
    """Compares a whole number."""

    eq: int | None = _comparator(_EQ)
    in_: list[int] | None = _comparator(_IN, name="in")
    gt: int | None = _comparator(_GT)
    gte: int | None = _comparator(_GTE)
    lt: int | None = _comparator(_LT)
    lte: int | None = _comparator(_LTE)


@_comparators
class DecimalFilter:
    """Compares an amount as a number, without regard to its currency."""

    eq: Decimal | None = _comparator(_EQ)
    gt: Decimal | None = _comparator(_GT)
    gte: Decimal | None = _comparator(_GTE)
    lt: Decimal | None = _comparator(_LT)
    lte: Decimal | None = _comparator(_LTE)
    is_null: bool | None = _comparator(_IS_NULL)


@_comparators
class DateFilter:
    """Compares a date."""

    eq: date | None = _comparator(_EQ)
    gt: date | None = _comparator(_GT)
    gte: date | None = _comparator(_GTE)
    lt: date | None = _comparator(_LT)
    lte: date | None = _comparator(_LTE)
    is_null: bool | None = _comparator(_IS_NULL)


@_comparators
class DateTimeFilter:
    """Compares an instant."""

    gt: datetime | None = _comparator(_GT)
    gte: datetime | None = _comparator(_GTE)
    lt: datetime | None = _comparator(_LT)
    lte: datetime | None = _comparator(_LTE)


@_comparators
class BooleanFilter:
    """Compares a truth value."""

    eq: bool | None = _comparator(_EQ)


@_comparators
class OpportunityStateFilter:
    """Compares the state of an opportunity."""

    eq: OpportunityState | None = _comparator(_EQ)
    in_: list[OpportunityState] | None = _comparator(_IN, name="in")
    not_in: list[OpportunityState] | None = _comparator(_NOT_IN)


@_comparators
class ActivityStateFilter:
    """Compares the state of a close activity."""

    eq: ActivityState | None = _comparator(_EQ)


@_comparators
class QuoteStateFilter:
    """Compares the state of a quote."""

    eq: QuoteState | None = _comparator(_EQ)
    in_: list[QuoteState] | None = _comparator(_IN, name="in")
    not_in: list[QuoteState] | None = _comparator(_NOT_IN)


@_comparators
class QuoteStatusReasonFilter:
    """Compares the status reason of a quote."""

    eq: QuoteStatusReason | None = _comparator(_EQ)
    in_: list[QuoteStatusReason] | None = _comparator(_IN, name="in")


@_comparators
class QuoteLineKindFilter:
    """Compares what a line sells."""

    eq: QuoteLineKind | None = _comparator(_EQ)
