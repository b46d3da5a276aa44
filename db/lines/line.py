"""A line of a quote or contract: its content, validation and total."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypedDict, TypeVar
from uuid import UUID

from db.domain.enums import BillingMethod, QuoteLineKind
from db.domain.errors import Path
from db.domain.ids import new_id
from db.domain.money import MAX_AMOUNT, from_minor_units, to_minor_units
from db.domain.validation import (
    Problems,
    Validator,
    graphql_field_name,
    validate_amount,
    validate_fields,
    validate_text,
)
from db.models.quote import QuoteLine

CONTENT_COLUMNS = (
    "kind",
    "name",
    "billing_method",
    "not_to_exceed",
    "customer_budget",
    "quantity",
    "unit_price",
)

_PROJECT_FIELDS = {
    "billing_method": "billing method",
    "not_to_exceed": "not-to-exceed limit",
    "customer_budget": "customer budget",
}


_VALIDATORS: dict[str, Validator] = {
    "name": validate_text,
    "quantity": validate_amount,
    "unit_price": validate_amount,
    "not_to_exceed": lambda problems, _field, amount, path: validate_amount(
        problems, "not-to-exceed limit", amount, path
    ),
    "customer_budget": validate_amount,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineContent:
    """What a line sells. Only project work has a billing method (required), a limit and a budget."""

    kind: QuoteLineKind
    name: str
    quantity: Decimal = Decimal(1)
    unit_price: Decimal
    billing_method: BillingMethod | None = None
    not_to_exceed: Decimal | None = None
    customer_budget: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(LineContent):
    """A line with its id and its position on the quote, counted from 1."""

    id: UUID
    position: int

    def columns(self) -> dict[str, object]:
        """Return the values by column name."""
        return {name: getattr(self, name) for name in ("id", "position", *CONTENT_COLUMNS)}


class LineChanges(TypedDict, total=False):
    """The fields of a line to change; the others stay as they are."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    billing_method: BillingMethod
    not_to_exceed: Decimal | None
    customer_budget: Decimal | None


@dataclass(frozen=True, slots=True)
class LineUpdate:
    """A line to change, and the changes."""

    line_id: UUID
    changes: LineChanges


L = TypeVar("L", bound=LineContent)


def validate_line(problems: Problems, line: L, path: Path) -> L:
    """Return the line with the values to store, amounts with exactly two decimal places.

    Problems: a field is invalid, or does not fit the kind or the billing method of the line.
    """
    fields = {name: getattr(line, name) for name in _VALIDATORS}
    of_fields = Problems()
    line = replace(line, **validate_fields(of_fields, fields, _VALIDATORS, path))
    problems.extend(of_fields)
    if line.kind == QuoteLineKind.PRODUCT:
        for column, name in _PROJECT_FIELDS.items():
            if getattr(line, column) is not None:
                problems.add(
                    "PROJECT_DETAIL_OF_A_PRODUCT",
                    f"A product has no {name}. Leave it out.",
                    (*path, graphql_field_name(column)),
                )
    elif line.billing_method is None:
        problems.add(
            "BILLING_METHOD_MISSING",
            "Project work is billed by a billing method. Send one.",
            (*path, "billingMethod"),
        )
    if line.not_to_exceed is not None and line.billing_method != BillingMethod.TIME_AND_MATERIAL:
        problems.add(
            "LIMIT_OF_A_FIXED_PRICE",
            "Only time and material has a not-to-exceed limit. Leave it out, or clear it with null.",
            (*path, "notToExceed"),
        )
    if not of_fields and _total_in_hundredths(line) > to_minor_units(MAX_AMOUNT):
        problems.add(
            "LINE_TOTAL_OUT_OF_RANGE",
            f"Quantity times unit price must not exceed {MAX_AMOUNT:,}. Send less of either.",
            path,
        )
    return line


def validate_total(problems: Problems, lines: Iterable[LineContent], path: Path) -> Decimal:
    """Return the total of valid lines, each rounded half up to two decimal places.

    Problem: the total is above ``MAX_AMOUNT``.
    """
    total = from_minor_units(sum(map(_total_in_hundredths, lines)))
    if total > MAX_AMOUNT:
        problems.add(
            "QUOTE_TOTAL_OUT_OF_RANGE",
            f"The lines come to {total:,}; a quote must not exceed {MAX_AMOUNT:,}. Send less.",
            path,
        )
    return total


def _total_in_hundredths(line: LineContent) -> int:
    # Both factors are hundredths, so their product is in ten-thousandths.
    return (to_minor_units(line.quantity) * to_minor_units(line.unit_price) + 50) // 100


def copy_lines(lines: Iterable[Line]) -> list[Line]:
    """Return the lines with new ids, the same content and the same positions."""
    return [replace(line, id=new_id()) for line in lines]


def audit_values(lines: Iterable[Line | QuoteLine]) -> dict[str, object]:
    """Return the content of lines by the names of the audit log, such as ``lines.2.quantity``."""
    return {
        f"lines.{line.position}.{name}": getattr(line, name) for line in lines for name in CONTENT_COLUMNS
    }
