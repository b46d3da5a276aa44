"""The custom scalars: Date, DateTime and Decimal. The planner writes them in SQL; inputs are parsed here."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from db.domain import text_formats


def parse_date(value: object) -> date:
    """Return the date that a text ``YYYY-MM-DD`` stands for; raise GraphQLError if it is no such text."""
    try:
        if isinstance(value, str):
            return text_formats.parse_date(value)
    except ValueError:
        pass
    raise GraphQLError("A Date is written YYYY-MM-DD, such as 2026-03-31.")


def parse_date_time(value: object) -> datetime:
    """Return the instant of an RFC 3339 text with an offset; raise GraphQLError if it is no such text."""
    try:
        if isinstance(value, str):
            return text_formats.parse_instant(value)
    except ValueError:
        pass
    raise GraphQLError("A DateTime is written like 2026-03-31T08:00:00Z.")


def parse_decimal(value: object) -> Decimal:
    """Return the decimal that a text or a JSON number stands for.

    Raises:
        GraphQLError: it is no finite decimal, or longer than any amount.
    """
    try:
        if isinstance(value, str):
            return text_formats.parse_decimal(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return text_formats.parse_decimal(repr(value))
    except ValueError:
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
        "A calendar date without a time, written YYYY-MM-DD in ASCII digits (`full-date` of RFC 3339), from"
        " 0001-01-01 to 9999-12-31.",
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        parse_date,
    ),
    datetime: _scalar(
        "DateTime",
        "An instant as an RFC 3339 text with an offset, such as 2026-03-31T08:00:00Z. A fraction of a second"
        " may have any number of digits; those after the microseconds are cut off. Responses are in UTC with"
        " microseconds.",
        "https://www.rfc-editor.org/rfc/rfc3339",
        parse_date_time,
    ),
    Decimal: _scalar(
        "Decimal",
        "An exact decimal number, written as text: ASCII digits with an optional sign, point and exponent,"
        f" at most {text_formats.MAX_DECIMAL_CHARACTERS} characters, and no separators or spaces. A JSON"
        " number is taken too. Amounts in responses always have two decimal places.",
        "https://speleotrove.com/decimal/daconvs.html",
        parse_decimal,
    ),
}
"""The scalars by Python type."""
