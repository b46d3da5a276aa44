"""What a line of a quote may hold, and what it comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID

from db.domain.enums import BillingMethod, QuoteLineKind
from db.domain.errors import Path, RuleViolation
from db.domain.money import MAX_AMOUNT, from_minor_units, to_minor_units
from db.domain.validation import (
    Validator,
    graphql_field_name,
    validate_amount,
    validate_fields,
    validate_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineContent:
    """A new line. Billing method (required), limit and budget are those of project work alone."""

    kind: QuoteLineKind
    name: str
    quantity: Decimal = Decimal(1)
    unit_price: Decimal
    billing_method: BillingMethod | None = None
    not_to_exceed: Decimal | None = None
    customer_budget: Decimal | None = None


class LineChanges(TypedDict, total=False):
    """What is to be changed of a line; what is missing stays as it is."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    billing_method: BillingMethod
    not_to_exceed: Decimal | None
    customer_budget: Decimal | None


@dataclass(frozen=True, slots=True)
class LineUpdate:
    """What to change of which line."""

    line_id: UUID
    changes: LineChanges


def validate_line(line: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return a line's values by column name, amounts with exactly two places.

    Raises:
        RuleViolation: a value is beyond its limit, or doesn't go with the others.
    """
    line = validate_fields(line, _LIMITS, path)
    _check_kind(line, path)
    if line["not_to_exceed"] is not None and line["billing_method"] != BillingMethod.TIME_AND_MATERIAL:
        raise RuleViolation(
            "LIMIT_OF_A_FIXED_PRICE",
            "Only time and material has a not-to-exceed limit. Leave it out, or clear it with null.",
            (*path, "notToExceed"),
        )
    if _total_in_hundredths(line) > to_minor_units(MAX_AMOUNT):
        raise RuleViolation(
            "LINE_TOTAL_OUT_OF_RANGE",
            f"Quantity times unit price must not exceed {MAX_AMOUNT:,}. Send less of either.",
            path,
        )
    return line


def validate_total(lines: Iterable[Mapping[str, Any]], path: Path) -> Decimal:
    """Return what the lines come to: each is rounded half up to two places.

    Raises:
        RuleViolation: that is above the highest amount.
    """
    total = from_minor_units(sum(map(_total_in_hundredths, lines)))
    if total > MAX_AMOUNT:
        raise RuleViolation(
            "QUOTE_TOTAL_OUT_OF_RANGE",
            f"The lines come to {total:,}; a quote must not exceed {MAX_AMOUNT:,}. Send less.",
            path,
        )
    return total


def _check_kind(line: Mapping[str, Any], path: Path) -> None:
    if line["kind"] == QuoteLineKind.PRODUCT:
        _check_product(line, path)
    elif line["billing_method"] is None:
        raise RuleViolation(
            "BILLING_METHOD_MISSING",
            "Project work is billed by a billing method. Send one.",
            (*path, "billingMethod"),
        )


def _check_product(line: Mapping[str, Any], path: Path) -> None:
    for column, name in _OF_PROJECTS.items():
        if line[column] is not None:
            raise RuleViolation(
                "PROJECT_DETAIL_OF_A_PRODUCT",
                f"A product has no {name}. Leave it out.",
                (*path, graphql_field_name(column)),
            )


def _total_in_hundredths(line: Mapping[str, Any]) -> int:
    # Both factors are hundredths, so their product is in ten-thousandths.
    return (to_minor_units(line["quantity"]) * to_minor_units(line["unit_price"]) + 50) // 100


_LIMITS: dict[str, Validator] = {
    "name": validate_text,
    "quantity": validate_amount,
    "unit_price": validate_amount,
    "not_to_exceed": lambda _, amount, path: validate_amount("not-to-exceed limit", amount, path),
    "customer_budget": validate_amount,
}
_OF_PROJECTS = {
    "billing_method": "billing method",
    "not_to_exceed": "not-to-exceed limit",
    "customer_budget": "customer budget",
}
