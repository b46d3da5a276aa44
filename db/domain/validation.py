"""What a field that people fill in may hold: texts, amounts, currencies.

``field`` is what people call it, in lower case; the codes of its refusals begin with it.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from db.domain.errors import Path, RuleViolation
from db.domain.money import MAX_AMOUNT, fits_decimal_places

MAX_NAME_LENGTH = 200
"""In characters."""

Validator = Callable[[str, Any, Path], Any]
"""From what people call a field, its value and its place in the input to the value that is stored."""

_CENT = Decimal("0.01")
_CURRENCY = re.compile(r"[A-Z]{3}")


def validate_fields(values: Mapping[str, Any], limits: Mapping[str, Validator], path: Path) -> dict[str, Any]:
    """Return values by column name, those that have a limit as it returns them; None has none.

    ``path`` is the place of the input object that holds them.

    Raises:
        RuleViolation: a value is beyond its limit.
    """
    return {
        column: limits[column](column.replace("_", " "), value, (*path, graphql_field_name(column)))
        if column in limits and value is not None
        else value
        for column, value in values.items()
    }


@lru_cache(1024)
def graphql_field_name(column: str) -> str:
    """Return a column's name as clients write it."""
    first, *others = column.split("_")
    return first + "".join(map(str.capitalize, others))


def validate_text(field: str, text: str, path: Path, *, longest: int = MAX_NAME_LENGTH) -> str:
    """Return the text without blanks around it.

    Raises:
        RuleViolation: nothing is left of it, it is too long, or no database would take it.
    """
    stripped = text.strip()
    if not stripped:
        raise RuleViolation(f"{_code(field)}_EMPTY", f"The {field} is empty. Send one.", path)
    if len(stripped) > longest:
        raise RuleViolation(
            f"{_code(field)}_TOO_LONG",
            f"The {field} has {len(stripped):,} characters; the limit is {longest:,}. Shorten it.",
            path,
        )
    validate_no_nul(field, stripped, path)
    return stripped


def validate_optional_text(
    field: str, text: str | None, path: Path, *, longest: int = MAX_NAME_LENGTH
) -> str | None:
    """Return the text without blanks around it; a blank one is none.

    Raises:
        RuleViolation: it is too long, or no database would take it.
    """
    return validate_text(field, text, path, longest=longest) if text and not text.isspace() else None


def validate_no_nul(field: str, text: str, path: Path) -> None:
    """Check that PostgreSQL can store the text.

    Raises:
        RuleViolation: it holds a NUL character.
    """
    if "\0" in text:
        raise RuleViolation(
            f"{_code(field)}_WITH_NUL", f"The {field} has a NUL character in it. Leave it out.", path
        )


def validate_amount(field: str, amount: Decimal, path: Path) -> Decimal:
    """Return the amount with exactly two places.

    Raises:
        RuleViolation: it is negative, above the highest amount, no number, or needs a third place.
    """
    if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT:
        raise RuleViolation(
            f"{_code(field)}_OUT_OF_RANGE",
            f"The {field} must be from 0.00 to {MAX_AMOUNT:,}. Send an amount in that range.",
            path,
        )
    if not fits_decimal_places(amount):
        raise RuleViolation(
            f"{_code(field)}_TOO_PRECISE",
            f"The {field} has more than two decimal places. Round it to two.",
            path,
        )
    return abs(amount).quantize(_CENT)  # a negative zero is zero


def validate_integer(field: str, number: int, path: Path, *, lowest: int, highest: int) -> int:
    """Return the number as it is.

    Raises:
        RuleViolation: it is not from ``lowest`` to ``highest``.
    """
    if not lowest <= number <= highest:
        raise RuleViolation(
            f"{_code(field)}_OUT_OF_RANGE", f"The {field} must be from {lowest} to {highest}.", path
        )
    return number


def validate_currency(_field: str, code: str, path: Path) -> str:
    """Return the code as it is.

    Raises:
        RuleViolation: it isn't written like a currency of ISO 4217.
    """
    if not _CURRENCY.fullmatch(code):
        raise RuleViolation(
            "CURRENCY_CODE_INVALID", "A currency is three capital letters (ISO 4217), such as EUR.", path
        )
    return code


def _code(field: str) -> str:
    return field.upper().replace(" ", "_").replace("-", "_")
