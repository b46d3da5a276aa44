"""Exact amounts of money: decimals with two places and an upper limit."""

from decimal import Decimal

MAX_AMOUNT = Decimal("1000000000000.00")
"""The largest amount of a field, in units of its currency."""

DECIMAL_PLACES = 2
"""The number of decimal places of an amount."""


def fits_decimal_places(value: Decimal) -> bool:
    """Return whether a finite decimal has at most ``DECIMAL_PLACES``, not counting trailing zeros."""
    _, digits, exponent = value.as_tuple()
    excess = -int(exponent) - DECIMAL_PLACES
    return excess <= 0 or not any(digits[-excess:])


def to_minor_units(value: Decimal) -> int:
    """Return an amount as a number of hundredths.

    Raises:
        ValueError: the amount has more than two decimal places.
    """
    hundredths = value * 100
    if hundredths != hundredths.to_integral_value():
        raise ValueError(f"{value} has more than two decimal places.")
    return int(hundredths)


def from_minor_units(value: int) -> Decimal:
    """Return the amount with two decimal places for a number of hundredths."""
    return Decimal(value).scaleb(-DECIMAL_PLACES)
