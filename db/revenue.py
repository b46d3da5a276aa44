"""What a closed opportunity brought in: an exact amount within the bounds that a deal may have."""

from decimal import Decimal

from db.errors import Path, RuleViolation
from db.money import HIGHEST_AMOUNT, has_at_most_two_places

_CENT = Decimal("0.01")


def revenue_within_limits(amount: Decimal, path: Path) -> Decimal:
    """Return the amount with exactly two places.

    Raises:
        RuleViolation: it is negative, above the highest amount, no number, or needs a third place.
    """
    if not amount.is_finite() or not 0 <= amount <= HIGHEST_AMOUNT:
        raise RuleViolation(
            "ACTUAL_REVENUE_OUT_OF_RANGE",
            f"The actual revenue must be from 0.00 to {HIGHEST_AMOUNT:,}. Send an amount in that range.",
            path,
        )
    if not has_at_most_two_places(amount):
        raise RuleViolation(
            "ACTUAL_REVENUE_TOO_PRECISE",
            "The actual revenue has more than two decimal places. Round it to two.",
            path,
        )
    return abs(amount).quantize(_CENT)  # a negative zero is zero
