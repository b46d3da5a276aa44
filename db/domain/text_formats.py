"""The text formats of dates, instants and decimals: what the API's scalars and the import read."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

MAX_DECIMAL_CHARACTERS = 40
"""Longer than any amount."""

_FULL_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATE = re.compile(_FULL_DATE)
_INSTANT = re.compile(
    rf"(?P<minute>{_FULL_DATE}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
    r"(?:\.(?P<fraction>[0-9]+))?(?P<offset>[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?")
_AFTER_LEAP_SECONDS = ((7, 1, 0, 0), (1, 1, 0, 0))
"""Month, day, hour and minute of the instants that a leap second may precede."""


def parse_date(text: str) -> date:
    """Return the date that a ``full-date`` of RFC 3339 stands for: ``2026-03-31``, in ASCII digits.

    Raises:
        ValueError: the text is none, or there is no such date in the years 1 to 9999.
    """
    if not _DATE.fullmatch(text):
        raise ValueError("A date is written YYYY-MM-DD.")
    return date.fromisoformat(text)


def parse_instant(text: str) -> datetime:
    """Return the instant, in UTC, that a ``date-time`` of RFC 3339 stands for.

    A fraction may have any number of digits; those after the microseconds are cut off. A leap second,
    23:59:60 UTC at the end of June or December, is read as the second that follows it.

    Raises:
        ValueError: the text is none, or the instant is not in the years 1 to 9999 in UTC.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError("An instant is written like 2026-03-31T08:00:00Z.")
    try:
        minute = datetime.fromisoformat(found["minute"] + found["offset"].upper()).astimezone(UTC)
        instant = minute + timedelta(seconds=int(found["second"]))
    except OverflowError as error:
        raise ValueError("An instant is in the years 1 to 9999 in UTC.") from error
    is_leap = found["second"] == "60"
    if is_leap and (instant.month, instant.day, instant.hour, instant.minute) not in _AFTER_LEAP_SECONDS:
        raise ValueError("A leap second ends June or December in UTC.")
    return instant.replace(microsecond=int((found["fraction"] or "0")[:6].ljust(6, "0")))


def parse_decimal(text: str) -> Decimal:
    """Return the decimal that a finite ``numeric-string`` stands for: ``-12500.00``, ``.5``, ``1.2E+6``.

    It has ASCII digits, a sign, a point and an exponent, and no white space.

    Raises:
        ValueError: the text is none, or longer than ``MAX_DECIMAL_CHARACTERS``.
    """
    if len(text) > MAX_DECIMAL_CHARACTERS or not _DECIMAL.fullmatch(text):
        raise ValueError("A decimal is written like 12500.00.")
    try:
        return Decimal(text) or Decimal(0)  # whatever the exponent of a zero, which no database stores
    except InvalidOperation as error:
        raise ValueError("The exponent of a decimal is out of range.") from error
