"""Filters of lists: input types whose fields compare values of a row, combined with and, or, not.

``{state: {eq: OPEN}, or: [{name: {eq: "a"}}, {total: {gt: 9}}]}`` becomes
``state = :p0 AND (name = :p1 OR total > :p2)``. What is not sent sets no condition. Null is refused, except
in ``eq``, where it means a missing value if the column can have one.
"""

from collections.abc import Callable
from decimal import Decimal
from inspect import isfunction
from operator import eq, ge, gt, le, lt
from typing import Any, TypeVar

import strawberry
from sqlalchemy import Column, FromClause, Text, and_, false, func, or_, true
from sqlmodel import SQLModel
from typing_extensions import dataclass_transform

from db.domain.money import MAX_AMOUNT, fits_decimal_places
from db.sql.array_param import ArrayParam, InArray
from db.sql.column_types import Amount
from schema.planner.errors import BadInput
from schema.planner.global_ids import decode_id
from schema.planner.plan.catalog import Comparison
from schema.planner.plan.declarations import FieldDeclaration, column_of
from schema.planner.plan.parameters import ArgumentRef, Converter
from schema.planner.plan.planner import Planner
from schema.planner.sql.expressions import (
    Condition,
    ContainsIgnoreCase,
    RowExpression,
    SqlExpression,
)

T = TypeVar("T", bound=type[Any])
Comparator = Callable[[SqlExpression, ArgumentRef, Converter | None], Condition]

_COMBINATIONS = {
    "and": "All of these hold.",
    "or": "At least one of these holds; an empty list matches nothing.",
    "not": "This does not hold. A missing value meets no comparison but `isNull: true` and `eq: null`, so"
    " it meets the negation of all others.",
}


def compares(
    value: object, description: str, *, references: type[SQLModel] | None = None
) -> FieldDeclaration:
    """Declare a field of a filter that compares a column, such as ``models.Quote.name``, or an expression.

    The field's annotation is an input type of comparators. ``references`` is the model whose ids it compares.
    """
    expression: RowExpression = value if isfunction(value) else column_of(value)
    return strawberry.field(
        description=description, default=None, metadata={"comparison": Comparison(expression, references)}
    )


@dataclass_transform(kw_only_default=True)
def filter_input(cls: T) -> T:
    """Make a class with ``compares`` fields a filter: an input type that also has and, or, not."""
    name = cls.__name__
    cls.__annotations__ |= {
        "and_": f"list[{name}] | None",
        "or_": f"list[{name}] | None",
        "not_": f"{name} | None",
    }
    for word, description in _COMBINATIONS.items():
        setattr(cls, f"{word}_", strawberry.field(name=word, description=description, default=None))
    return strawberry.input(cls, description=cls.__doc__)


def filter_condition(planner: Planner, type_name: str, argument: ArgumentRef, row: FromClause) -> Condition:
    """Return the condition that an argument of a filter's type sets on rows; true if it is null.

    Raises:
        BadInput: a part of the filter is null, or a value can't be compared.
    """
    if not argument:
        return true()
    fields = argument.items()
    return and_(true(), *(_field_condition(planner, type_name, name, each, row) for name, each in fields))


def _field_condition(
    planner: Planner, type_name: str, name: str, argument: ArgumentRef, row: FromClause
) -> Condition:
    if not argument:
        raise BadInput(f"`{name}` is null. Leave it out for no condition, or send one.")
    match name:
        case "and":
            elements = argument.elements()
            return and_(true(), *(filter_condition(planner, type_name, each, row) for each in elements))
        case "or":
            elements = argument.elements()
            return or_(false(), *(filter_condition(planner, type_name, each, row) for each in elements))
        case "not":
            # A comparison with a missing value is NULL: the row doesn't meet it, so it meets its negation.
            return ~func.coalesce(filter_condition(planner, type_name, argument, row), false())
    comparison = planner.catalog.comparisons[type_name][name]
    value = comparison.value(row.c)
    convert = _converter(planner, value, comparison.references)
    conditions = [
        _COMPARATORS[comparator](value, each, convert) if each else _null_comparison(name, comparator, value)
        for comparator, each in argument.items()
    ]
    return and_(true(), *conditions)


def _null_comparison(field: str, comparator: str, value: SqlExpression) -> Condition:
    if comparator != "eq":
        raise BadInput(
            f"`{comparator}` of `{field}` is null. Leave it out for no condition, or send a value."
        )
    if not (isinstance(value, Column) and value.nullable):
        raise BadInput(f"`{field}` is never null. Leave `eq` out for no condition, or send a value.")
    return value.is_(None)


def _converter(planner: Planner, value: SqlExpression, references: type[SQLModel] | None) -> Converter | None:
    if references is not None:
        prefix = planner.catalog.prefix(references)
        return lambda text: decode_id(prefix, text)
    return _validate_amount if isinstance(value.type, Amount) else None


def _validate_amount(value: Decimal) -> Decimal:
    # not abs(), which overflows for the largest exponents
    if -MAX_AMOUNT <= value <= MAX_AMOUNT and fits_decimal_places(value):
        return value
    raise BadInput(f"This is no amount: compare with at most {MAX_AMOUNT} and two decimal places.")


def _compare_with(operator: Callable[[SqlExpression, SqlExpression], Condition]) -> Comparator:
    return lambda value, argument, convert: operator(value, argument.bind(value.type, convert))


def _is_in(value: SqlExpression, argument: ArgumentRef, convert: Converter | None) -> Condition:
    if len(argument.value) == 1:
        # Unlike a list, equality lets an index be read in the order of the list.
        return value == argument[0].bind(value.type, convert)
    each = convert or (lambda element: element)
    return InArray(value, argument.bind(ArrayParam(value.type), lambda elements: list(map(each, elements))))


def _is_not_in(value: SqlExpression, argument: ArgumentRef, convert: Converter | None) -> Condition:
    return ~func.coalesce(_is_in(value, argument, convert), false())


def _contains(value: SqlExpression, argument: ArgumentRef, _convert: Converter | None) -> Condition:
    return ContainsIgnoreCase(value, argument.bind(Text()))


def _is_null(value: SqlExpression, argument: ArgumentRef, _convert: Converter | None) -> Condition:
    return value.is_(None) if argument.value else value.is_not(None)


_COMPARATORS: dict[str, Comparator] = {
    "eq": _compare_with(eq),
    "gt": _compare_with(gt),
    "gte": _compare_with(ge),
    "lt": _compare_with(lt),
    "lte": _compare_with(le),
    "in": _is_in,
    "notIn": _is_not_in,
    "containsIgnoreCase": _contains,
    "isNull": _is_null,
}
