"""Validation of the fields of commands: texts, amounts, integers, currencies, closing dates.

A validator adds what is wrong to the problems of the command and returns the value to store. ``field`` is the
name of the field in words, such as ``unit price``; the codes of its problems begin with it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from db.domain.caller import Caller
from db.domain.errors import Path, Refusal, RuleViolation
from db.domain.money import MAX_AMOUNT, fits_decimal_places
from db.domain.names import forbidden_character, is_visible

MAX_NAME_LENGTH = 200
"""In characters."""

MAX_DESCRIPTION_LENGTH = 2_000
"""In characters."""

MIN_DATE = date(1900, 1, 1)
"""The first date that is stored: earlier ones are mistakes, and in some time zones off the calendar."""

MAX_DATE = date(2200, 12, 31)
"""The last date that is stored. Lists sort a missing date after it."""

CLOSED_ON_BEFORE_CREATION = "CLOSED_ON_BEFORE_CREATION"
"""The code of a closing date before the creation of the closed entity."""

_CLOSED_ON: Path = ("input", "closedOn")
_CENT = Decimal("0.01")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Problems:
    """The problems of one command, in the order in which they were found."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []

    def __bool__(self) -> bool:
        return bool(self.refusals)

    def add(self, code: str, message: str, path: Path) -> None:
        """Add the violation of a rule about one field."""
        self.refusals.append(RuleViolation(code, message, path))

    def add_refusal(self, refusal: Refusal) -> None:
        """Add a refusal of a class of its own, such as ``NotFound``."""
        self.refusals.append(refusal)

    def extend(self, problems: "Problems") -> None:
        """Add all of the other problems."""
        self.refusals.extend(problems.refusals)

    def raise_first(self) -> None:
        """Raise the first problem, if there is one; its ``problems`` are all of them.

        Raises:
            Refusal: there is a problem.
        """
        if self.refusals:
            first = self.refusals[0]
            first.problems = tuple(problem for each in self.refusals for problem in each.problems)
            raise first


Validator = Callable[[Problems, str, Any, Path], Any]
"""Takes the problems, the name of the field in words, its value and its path; returns the value to store."""


def validate_fields(
    problems: Problems, values: Mapping[str, Any], validators: Mapping[str, Validator], path: Path
) -> dict[str, Any]:
    """Return the values by column name, each as its validator returns it; None needs no validation.

    ``path`` is the path of the input object that contains the fields.
    """
    return {
        column: validators[column](
            problems, column.replace("_", " "), value, (*path, graphql_field_name(column))
        )
        if column in validators and value is not None
        else value
        for column, value in values.items()
    }


@lru_cache(1024)
def graphql_field_name(column: str) -> str:
    """Return the name of a column in the GraphQL API, such as ``unitPrice``."""
    first, *others = column.split("_")
    return first + "".join(map(str.capitalize, others))


def validate_text(
    problems: Problems, field: str, text: str, path: Path, *, max_length: int = MAX_NAME_LENGTH
) -> str:
    """Return a name or another text of one line, without surrounding white space.

    Problems: it shows nothing, is longer than ``max_length`` characters, or holds what a name must not hold
    (``db.domain.names``).
    """
    stripped = text.strip()
    forbidden = forbidden_character(stripped)
    if not stripped or (forbidden is None and not is_visible(stripped)):
        problems.add(f"{_code(field)}_EMPTY", f"The {field} is empty. Send one.", path)
    elif _validate_length(problems, field, stripped, path, max_length) and forbidden is not None:
        if "\0" in stripped:
            validate_no_nul(problems, field, stripped, path)
        else:
            problems.add(
                f"{_code(field)}_WITH_FORBIDDEN_CHARACTER",
                f"The {field} contains {forbidden}, which is not allowed in it. Remove it.",
                path,
            )
    return stripped


def validate_optional_text(
    problems: Problems, field: str, text: str | None, path: Path, *, max_length: int = MAX_NAME_LENGTH
) -> str | None:
    """Return a text of one line without surrounding white space, or None if nothing is left of it.

    Problems: those of ``validate_text``.
    """
    if text is None or not text.strip():
        return None
    return validate_text(problems, field, text, path, max_length=max_length)


def validate_description(problems: Problems, description: str | None, path: Path) -> str | None:
    """Return the description without surrounding white space, or None if nothing is left of it.

    Problems: it is longer than ``MAX_DESCRIPTION_LENGTH``, or contains a NUL character.
    """
    stripped = (description or "").strip()
    if _validate_length(problems, "description", stripped, path, MAX_DESCRIPTION_LENGTH):
        validate_no_nul(problems, "description", stripped, path)
    return stripped or None


def validate_no_nul(problems: Problems, field: str, text: str, path: Path) -> None:
    """Check that the text contains no NUL character, which PostgreSQL cannot store."""
    if "\0" in text:
        problems.add(f"{_code(field)}_WITH_NUL", f"The {field} contains a NUL character. Remove it.", path)


def validate_amount(problems: Problems, field: str, amount: Decimal, path: Path) -> Decimal:
    """Return the amount with exactly two decimal places.

    Problems: it is negative, above ``MAX_AMOUNT``, not a number, or has more than two decimal places.
    """
    if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT:
        problems.add(
            f"{_code(field)}_OUT_OF_RANGE",
            f"The {field} must be from 0.00 to {MAX_AMOUNT:,}. Send an amount in that range.",
            path,
        )
        return amount
    if not fits_decimal_places(amount):
        problems.add(
            f"{_code(field)}_TOO_PRECISE",
            f"The {field} has more than two decimal places. Round it to two.",
            path,
        )
        return amount
    return abs(amount).quantize(_CENT)  # abs() turns a negative zero into zero


def validate_integer(problems: Problems, field: str, number: int, path: Path, *, allowed: range) -> int:
    """Return the number. Problem: it is not in the allowed range."""
    if number not in allowed:
        problems.add(
            f"{_code(field)}_OUT_OF_RANGE",
            f"The {field} must be from {allowed.start} to {allowed.stop - 1}.",
            path,
        )
    return number


def validate_date(problems: Problems, field: str, day: date, path: Path) -> date:
    """Return the date. Problem: it is not from ``MIN_DATE`` to ``MAX_DATE``."""
    if not MIN_DATE <= day <= MAX_DATE:
        problems.add(
            f"{_code(field)}_OUT_OF_RANGE",
            f"The {field} must be from {MIN_DATE} to {MAX_DATE}. Send a date in that range.",
            path,
        )
    return day


def validate_currency(problems: Problems, _field: str, code: str, path: Path) -> str:
    """Return the code. Problem: it does not have the form of an ISO 4217 code."""
    if not _CURRENCY.fullmatch(code):
        problems.add(
            "CURRENCY_CODE_INVALID", "A currency is three capital letters (ISO 4217), such as EUR.", path
        )
    return code


def validate_closing_date(problems: Problems, caller: Caller, closed_on: date | None) -> date:
    """Return the closing date; the default is today (UTC). Problems: it is in the future or out of range."""
    if closed_on is not None and closed_on > caller.today:
        problems.add(
            "CLOSED_ON_IN_FUTURE",
            f"{closed_on} is in the future: today is {caller.today} (UTC). Send today or an earlier day.",
            _CLOSED_ON,
        )
    elif closed_on is not None:
        validate_date(problems, "closed on", closed_on, _CLOSED_ON)
    return closed_on or caller.today


def closed_before_creation(subject: str, created_on: date, closed_on: date) -> RuleViolation:
    """Return the problem of a closing date before the date on which ``subject`` was created."""
    return RuleViolation(
        CLOSED_ON_BEFORE_CREATION,
        f"{subject} was created on {created_on}, after {closed_on}. Send that day or a later one.",
        _CLOSED_ON,
    )


def _validate_length(problems: Problems, field: str, text: str, path: Path, max_length: int) -> bool:
    if len(text) <= max_length:
        return True
    problems.add(
        f"{_code(field)}_TOO_LONG",
        f"The {field} has {len(text):,} characters; the limit is {max_length:,}. Shorten it.",
        path,
    )
    return False


def _code(field: str) -> str:
    return field.upper().replace(" ", "_").replace("-", "_")
