"""Validation of lines and their total, without a database."""

from decimal import Decimal
from typing import Any

import pytest

from db.domain.enums import BillingMethod, QuoteLineKind
from db.domain.errors import RuleViolation
from db.domain.validation import Problems
from db.lines.line import LineContent, audit_values, copy_lines, validate_line, validate_total
from tests.db.decision_rows import line


def codes(**fields: Any) -> list[str]:
    """Return the codes of the problems of a line."""
    problems = Problems()
    content = {"kind": QuoteLineKind.PRODUCT, "name": "Crane", "unit_price": Decimal(1), **fields}
    validate_line(problems, LineContent(**content), ("input",))
    return [refusal.code for refusal in problems.refusals]


def test_a_valid_line_has_amounts_with_two_decimal_places() -> None:
    content = LineContent(
        kind=QuoteLineKind.PROJECT,
        name=" Crew ",
        quantity=Decimal("2.5"),
        unit_price=Decimal(3),
        billing_method=BillingMethod.TIME_AND_MATERIAL,
        not_to_exceed=Decimal(9),
        customer_budget=Decimal("8.1"),
    )
    valid = validate_line(Problems(), content, ("input",))
    amounts = (valid.quantity, valid.unit_price, valid.not_to_exceed, valid.customer_budget)
    assert [str(amount) for amount in amounts] == ["2.50", "3.00", "9.00", "8.10"]
    assert valid.name == "Crew"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"customer_budget": Decimal(1)}, ["PROJECT_DETAIL_OF_A_PRODUCT"]),
        (
            {"billing_method": BillingMethod.FIXED_PRICE, "not_to_exceed": Decimal(1)},
            ["PROJECT_DETAIL_OF_A_PRODUCT", "PROJECT_DETAIL_OF_A_PRODUCT", "LIMIT_OF_A_FIXED_PRICE"],
        ),
        ({"kind": QuoteLineKind.PROJECT}, ["BILLING_METHOD_MISSING"]),
        ({"quantity": Decimal("1000000.01"), "unit_price": Decimal(1_000_000)}, ["LINE_TOTAL_OUT_OF_RANGE"]),
        (
            {"name": "", "quantity": Decimal("NaN"), "unit_price": Decimal("0.001")},
            ["NAME_EMPTY", "QUANTITY_OUT_OF_RANGE", "UNIT_PRICE_TOO_PRECISE"],
        ),
    ],
)
def test_all_problems_of_a_line_are_collected(fields: dict[str, Any], expected: list[str]) -> None:
    assert codes(**fields) == expected


def test_each_line_of_a_total_is_rounded_half_up() -> None:
    lines = [line(position, quantity=Decimal("0.50"), unit_price=Decimal("0.01")) for position in (1, 2)]
    assert validate_total(Problems(), lines, ("input",)) == Decimal("0.02")


def test_a_total_has_a_limit() -> None:
    problems = Problems()
    highest = line(unit_price=Decimal("1000000000000.00"))
    assert validate_total(problems, [highest], ("input", "lines")) == highest.unit_price
    assert not problems
    validate_total(problems, [highest, line(2, unit_price=Decimal("0.01"))], ("input", "lines"))
    with pytest.raises(RuleViolation) as refusal:
        problems.raise_first()
    assert (refusal.value.code, refusal.value.path) == ("QUOTE_TOTAL_OUT_OF_RANGE", ("input", "lines"))


def test_copies_have_new_ids_and_the_same_content() -> None:
    original = line(3)
    [copy] = copy_lines([original])
    assert copy.id != original.id
    assert {**copy.columns(), "id": None} == {**original.columns(), "id": None}


def test_the_audit_log_names_lines_by_their_position() -> None:
    values = audit_values([line(3, name="Crew")])
    assert values["lines.3.name"] == "Crew"
    assert len(values) == 7
