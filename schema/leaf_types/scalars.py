"""Scalars beyond GraphQL's own. Answers hold them as the planner writes them; inputs are read here."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")
_LONGEST_DECIMAL = 40


def parse_date(value: Any) -> date:
    """Read ``YYYY-MM-DD``.

    Raises:
        GraphQLError: it is no such text, or no day of the calendar.
    """
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except (TypeError, ValueError):
        pass
    raise GraphQLError("A Date is written YYYY-MM-DD, such as 2026-03-31.")


def parse_date_time(value: Any) -> datetime:
    """Read an RFC 3339 instant with its offset.

    Raises:
        GraphQLError: it is no such text, or no moment of the calendar.
    """
    try:
        if _DATE_TIME.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise GraphQLError("A DateTime is written like 2026-03-31T08:00:00Z.")


def parse_decimal(value: Any) -> Decimal:
    """Read a decimal from its text, or from a number whose text is what was meant.

    Raises:
        GraphQLError: it is no finite decimal, or longer than any amount.
    """
    text = value if isinstance(value, str) else repr(value)
    try:
        if not isinstance(value, bool) and len(text) <= _LONGEST_DECIMAL:
            number = Decimal(text)
            if number.is_finite():
                return number
    except InvalidOperation:
        pass
    raise GraphQLError('A Decimal is written as text, such as "12500.00".')


def _as_planned(value: Any) -> str:
    return str(value)


def _scalar(name: str, description: str, specified_by: str, read: Any) -> ScalarDefinition:
    return strawberry.scalar(
        name=name,
        description=description,
        specified_by_url=specified_by,
        serialize=_as_planned,
        parse_value=read,
    )


SCALARS: dict[object, ScalarDefinition] = {
    date: _scalar(
        "Date",
        "A day of the calendar without a time, written YYYY-MM-DD.",
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        parse_date,
    ),
    datetime: _scalar(
        "DateTime",
        "An instant in RFC 3339; answers are in UTC with microseconds.",
        "https://www.rfc-editor.org/rfc/rfc3339",
        parse_date_time,
    ),
    Decimal: _scalar(
        "Decimal",
        "An exact decimal, written as text; amounts always have two places.",
        "https://speleotrove.com/decimal/daconvs.html",
        parse_decimal,
    ),
}
"""The scalar of each Python type."""
