"""What a list is narrowed to: comparators on columns, joined by and, or, not."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from inspect import isfunction
from typing import Any, TypeVar

import strawberry
from sqlalchemy import Text, and_, false, func, or_, true
from sqlalchemy.sql.elements import ColumnElement
from typing_extensions import dataclass_transform

from db.domain.money import MAX_AMOUNT, fits_decimal_places
from db.sql.array_param import ArrayParam, InArray
from db.sql.column_types import Amount, Id
from schema.planner.errors import BadInput
from schema.planner.global_ids import decode_id
from schema.planner.plan.planner import ArgumentRef, Converter, Planner
from schema.planner.sql.expressions import ContainsIgnoreCase

T = TypeVar("T", bound=type[Any])
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a filter's field compares: a value of the row; ``to`` is the table whose ids it holds."""

    value: Callable[[Any], Any]
    to: Any


def compares(value: Any, description: str, *, to: Any = None) -> Any:
    """Declare a comparator on a column, or on an expression over the row's columns.

    ``to`` is the table whose ids the column holds.
    """
    expression = value if isfunction(value) else lambda row: row[value.key]
    return strawberry.field(
        description=description, default=None, metadata={"comparison": Comparison(expression, to)}
    )


@dataclass_transform(kw_only_default=True)
def filter_input(cls: T) -> T:
    """Make a class of comparators a filter that can be joined with and, or, not."""
    name = cls.__name__
    cls.__annotations__ |= {
        "and_": f"list[{name}] | None",
        "or_": f"list[{name}] | None",
        "not_": f"{name} | None",
    }
    for word, meaning in _JOINTS.items():
        setattr(cls, f"{word}_", strawberry.field(name=word, description=meaning, default=None))
    return strawberry.input(cls, description=cls.__doc__)


_JOINTS = {
    "and": "All of these hold.",
    "or": "At least one of these holds; of an empty list none does.",
    "not": "This doesn't hold.",
}


def filter_condition(planner: Planner, type_name: str, asked: ArgumentRef, row: Any) -> Condition:
    """Return the condition that a filter of the named input type sets; none of it is set where it is null."""
    return and_(true(), *_conditions(planner, type_name, asked, row)) if asked else true()


def _conditions(planner: Planner, type_name: str, asked: ArgumentRef, row: Any) -> list[Condition]:
    return [_condition(planner, type_name, key, inner, row) for key, inner in asked.items()]


def _condition(planner: Planner, type_name: str, key: str, asked: ArgumentRef, row: Any) -> Condition:
    match key:
        case "and":
            return and_(
                true(), *(filter_condition(planner, type_name, each, row) for each in asked.elements())
            )
        case "or":
            return or_(
                false(), *(filter_condition(planner, type_name, each, row) for each in asked.elements())
            )
        case "not":
            # Two-valued: a row whose value is missing does not meet the inner condition, so it meets this.
            return ~func.coalesce(filter_condition(planner, type_name, asked, row), false())
    comparison = planner.catalog.comparisons[type_name][key]
    value = comparison.value(row.c)
    convert = _converter(planner, value.type, comparison.to)
    return and_(true(), *(_COMPARATORS[name](value, inner, convert) for name, inner in asked.items()))


def _converter(planner: Planner, type_: Any, to: Any) -> Converter | None:
    if isinstance(type_, Id):
        prefix = planner.catalog.prefix(to)
        return lambda text: decode_id(prefix, text)
    return _amount if isinstance(type_, Amount) else None


def _amount(value: Decimal) -> Decimal:
    if abs(value) <= MAX_AMOUNT and fits_decimal_places(value):
        return value
    raise BadInput(f"This is no amount: compare with at most {MAX_AMOUNT} and two decimal places.")


def _ordered(name: str) -> Callable[[Any, ArgumentRef, Converter | None], Condition]:
    return lambda column, asked, convert: getattr(column, name)(asked.bind(column.type, convert))


def _is_in(column: Any, asked: ArgumentRef, convert: Converter | None) -> Condition:
    if len(asked.value) == 1:
        # Equality keeps an index usable for the order; a list of several doesn't.
        return _ordered("__eq__")(column, asked[0], convert)
    each = convert or (lambda value: value)
    return InArray(
        column, asked.bind(ArrayParam(column.type), lambda values: [each(value) for value in values])
    )


def _is_not_in(column: Any, asked: ArgumentRef, convert: Converter | None) -> Condition:
    return ~func.coalesce(_is_in(column, asked, convert), false())


def _contains(column: Any, asked: ArgumentRef, _convert: Converter | None) -> Condition:
    return ContainsIgnoreCase(column, asked.bind(Text()))


def _is_null(column: Any, asked: ArgumentRef, _convert: Converter | None) -> Condition:
    return column.is_(None) if asked.value else column.is_not(None)  # type: ignore[no-any-return]


_COMPARATORS: dict[str, Callable[[Any, ArgumentRef, Converter | None], Condition]] = {
    "eq": _ordered("__eq__"),
    "gt": _ordered("__gt__"),
    "gte": _ordered("__ge__"),
    "lt": _ordered("__lt__"),
    "lte": _ordered("__le__"),
    "in": _is_in,
    "notIn": _is_not_in,
    "containsIgnoreCase": _contains,
    "isNull": _is_null,
}
