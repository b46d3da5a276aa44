"""Validation of fields: the value to store, or the code of the problem."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from db.domain.errors import NotFound, Problem, RuleViolation
from db.domain.validation import (
    Problems,
    validate_amount,
    validate_closing_date,
    validate_currency,
    validate_date,
    validate_description,
    validate_fields,
    validate_integer,
    validate_optional_text,
    validate_text,
)
from tests.db.decision_rows import CALLER

PATH = ("input", "field")


def validated(validator: Callable[..., Any], value: Any, **options: Any) -> Any:
    """Return the value to store, or the code of the problem."""
    problems = Problems()
    stored = validator(problems, "unit price", value, PATH, **options)
    if not problems:
        return stored
    with pytest.raises(RuleViolation) as refusal:
        problems.raise_first()
    assert refusal.value.path == PATH
    return refusal.value.code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\t Crane \n", "Crane"),
        (200 * "ß", 200 * "ß"),
        (" \n", "UNIT_PRICE_EMPTY"),
        (201 * "x", "UNIT_PRICE_TOO_LONG"),
        ("a\0b", "UNIT_PRICE_WITH_NUL"),
        (
            "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645",
            "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645",
        ),
        ("Anne\u00a0Marie", "Anne\u00a0Marie"),
        ("\U0001f468\u200d\U0001f527\ufe0f", "\U0001f468\u200d\U0001f527\ufe0f"),
        ("\u200d\u200c", "UNIT_PRICE_EMPTY"),
        ("\u3164 \u2800\u0301", "UNIT_PRICE_EMPTY"),
        ("\u200b", "UNIT_PRICE_WITH_FORBIDDEN_CHARACTER"),
        ("Carlo\u202en", "UNIT_PRICE_WITH_FORBIDDEN_CHARACTER"),
        ("a\nb", "UNIT_PRICE_WITH_FORBIDDEN_CHARACTER"),
        ("a\u2028b", "UNIT_PRICE_WITH_FORBIDDEN_CHARACTER"),
        ("a\ue000b", "UNIT_PRICE_WITH_FORBIDDEN_CHARACTER"),
        ("a\ud800b", "UNIT_PRICE_WITH_FORBIDDEN_CHARACTER"),
    ],
)
def test_a_text_is_stripped_and_limited(text: str, expected: str) -> None:
    assert validated(validate_text, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [(None, None), (" \n", None), (" x ", "x"), (6 * "x", "UNIT_PRICE_TOO_LONG")]
)
def test_an_optional_text_can_be_blank(text: str | None, expected: str | None) -> None:
    assert validated(validate_optional_text, text, max_length=5) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("-0.00", "0.00"),
        ("7.5000", "7.50"),
        ("1E+12", "1000000000000.00"),
        ("-0.01", "UNIT_PRICE_OUT_OF_RANGE"),
        ("1000000000000.01", "UNIT_PRICE_OUT_OF_RANGE"),
        ("NaN", "UNIT_PRICE_OUT_OF_RANGE"),
        ("sNaN", "UNIT_PRICE_OUT_OF_RANGE"),
        ("-Infinity", "UNIT_PRICE_OUT_OF_RANGE"),
        ("0.001", "UNIT_PRICE_TOO_PRECISE"),
        ("1E-20", "UNIT_PRICE_TOO_PRECISE"),
    ],
)
def test_an_amount_has_two_decimal_places_and_a_range(amount: str, expected: str) -> None:
    assert str(validated(validate_amount, Decimal(amount))) == expected


def test_an_integer_has_a_range() -> None:
    values = [validated(validate_integer, number, allowed=range(1, 10)) for number in (0, 1, 9, 10)]
    assert values == ["UNIT_PRICE_OUT_OF_RANGE", 1, 9, "UNIT_PRICE_OUT_OF_RANGE"]
    problems = Problems()
    validate_integer(problems, "employees", 10, PATH, allowed=range(1, 10))
    with pytest.raises(RuleViolation, match=r"^The employees must be from 1 to 9\.$"):
        problems.raise_first()


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(2026, 3, 31), date(2200, 12, 31)], ids=str)
def test_a_date_is_stored_from_1900_to_2200(day: date) -> None:
    assert validated(validate_date, day) == day


@pytest.mark.parametrize("day", [date.min, date(1899, 12, 31), date(2201, 1, 1), date.max], ids=str)
def test_other_dates_are_out_of_range(day: date) -> None:
    assert validated(validate_date, day) == "UNIT_PRICE_OUT_OF_RANGE"


@pytest.mark.parametrize("code", ["eur", "EURO", "EU", "ÄÄÄ", ""])
def test_a_currency_code_has_three_capital_letters(code: str) -> None:
    assert validated(validate_currency, "EUR") == "EUR"
    assert validated(validate_currency, code) == "CURRENCY_CODE_INVALID"


def test_a_description_has_at_most_2_000_characters() -> None:
    problems = Problems()
    assert validate_description(problems, " " + 2_000 * "x", PATH) == 2_000 * "x"
    assert not problems
    validate_description(problems, 2_001 * "x", PATH)
    with pytest.raises(RuleViolation, match=r"has 2,001 characters; the limit is 2,000\."):
        problems.raise_first()


def test_a_closing_date_is_today_by_default_and_not_in_the_future() -> None:
    problems = Problems()
    assert validate_closing_date(problems, CALLER, None) == date(2026, 11, 23)
    assert validate_closing_date(problems, CALLER, date(2026, 11, 23)) == date(2026, 11, 23)
    assert not problems
    validate_closing_date(problems, CALLER, date(2026, 11, 24))
    with pytest.raises(RuleViolation) as refusal:
        problems.raise_first()
    assert (refusal.value.code, refusal.value.path) == ("CLOSED_ON_IN_FUTURE", ("input", "closedOn"))


def test_fields_without_a_validator_or_a_value_stay_as_they_are() -> None:
    problems = Problems()
    values = {"unit_price": Decimal("1.5"), "name": None, "owner_id": 7}
    validators: dict[str, Any] = {"unit_price": validate_amount, "name": validate_text}
    assert validate_fields(problems, values, validators, ("input",)) == {
        "unit_price": Decimal("1.50"),
        "name": None,
        "owner_id": 7,
    }
    validate_fields(problems, {"unit_price": Decimal(-1)}, validators, ("input",))
    with pytest.raises(RuleViolation) as refusal:
        problems.raise_first()
    assert refusal.value.path == ("input", "unitPrice")


def test_the_first_problem_is_raised_with_all_of_them() -> None:
    problems = Problems()
    problems.raise_first()
    problems.add_refusal(NotFound("account", ("input", "accountId")))
    problems.add("NAME_EMPTY", "The name is empty.", ("input", "name"))
    with pytest.raises(NotFound) as refusal:
        problems.raise_first()
    assert refusal.value.problems == (
        Problem("NOT_FOUND", refusal.value.message, ("input", "accountId")),
        Problem("NAME_EMPTY", "The name is empty.", ("input", "name")),
    )


def test_a_refusal_is_its_own_only_problem() -> None:
    refusal = RuleViolation("NAME_EMPTY", "The name is empty.", PATH)
    assert refusal.problems == (Problem("NAME_EMPTY", "The name is empty.", PATH),)
