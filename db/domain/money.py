"""Exact amounts: decimals with two places, within the bounds that a deal may have."""

from decimal import Decimal

MAX_AMOUNT = Decimal("1000000000000.00")
"""The largest amount a field may hold, in units of its currency."""


DECIMAL_PLACES = 2
"""How many decimal places an amount has."""


def fits_decimal_places(value: Decimal) -> bool:
    """Say whether a finite decimal needs no third place; trailing zeros don't count."""
    _, digits, exponent = value.as_tuple()
    excess = -int(exponent) - DECIMAL_PLACES
    return excess <= 0 or not any(digits[-excess:])


def to_minor_units(value: Decimal) -> int:
    """Turn an amount into whole hundredths.

    Raises:
        ValueError: the amount has more than two decimal places.
    """
    hundredths = value * 100
    if hundredths != hundredths.to_integral_value():
        raise ValueError(f"{value} has more than two decimal places.")
    return int(hundredths)


def from_minor_units(value: int) -> Decimal:
    """Turn whole hundredths back into an amount with two places."""
    return Decimal(value).scaleb(-DECIMAL_PLACES)
