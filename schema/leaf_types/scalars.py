"""The custom scalars: Date, DateTime and Decimal. The planner writes them in SQL; inputs are parsed here."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")
_MAX_DECIMAL_CHARACTERS = 40


def parse_date(value: object) -> date:
    """Return the date that a text ``YYYY-MM-DD`` stands for; raise GraphQLError if it is no such text."""
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError("A Date is written YYYY-MM-DD, such as 2026-03-31.")


def parse_date_time(value: object) -> datetime:
    """Return the instant of an RFC 3339 text with an offset; raise GraphQLError if it is no such text."""
    try:
        if isinstance(value, str) and _DATE_TIME.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError("A DateTime is written like 2026-03-31T08:00:00Z.")


def parse_decimal(value: object) -> Decimal:
    """Return the decimal that a text or a JSON number stands for.

    Raises:
        GraphQLError: it is no finite decimal, or longer than any amount.
    """
    text = value if isinstance(value, str) else repr(value)
    try:
        if not isinstance(value, bool) and len(text) <= _MAX_DECIMAL_CHARACTERS:
            number = Decimal(text)
            if number.is_finite():
                return number
    except InvalidOperation:
        pass
    raise GraphQLError('A Decimal is written as text, such as "12500.00".')


def _scalar(
    name: str, description: str, specified_by: str, parse: Callable[[object], object]
) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, specified_by_url=specified_by, serialize=str, parse_value=parse
    )


SCALARS: dict[object, ScalarDefinition] = {
    date: _scalar(
        "Date",
        "A calendar date without a time, written YYYY-MM-DD.",
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        parse_date,
    ),
    datetime: _scalar(
        "DateTime",
        "An instant as an RFC 3339 text with an offset. Responses are in UTC with microseconds.",
        "https://www.rfc-editor.org/rfc/rfc3339",
        parse_date_time,
    ),
    Decimal: _scalar(
        "Decimal",
        "An exact decimal number, written as text. Amounts in responses always have two decimal places.",
        "https://speleotrove.com/decimal/daconvs.html",
        parse_decimal,
    ),
}
"""The scalars by Python type."""
