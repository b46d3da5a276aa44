"""The details that every closing takes, of an opportunity as of quotes: a description and a day."""

from datetime import date

from db.domain.caller import Caller
from db.domain.errors import Path, RuleViolation
from db.domain.validation import validate_optional_text

MAX_DESCRIPTION_LENGTH = 2_000
"""In characters."""

CLOSED_ON_BEFORE_CREATION = "CLOSED_ON_BEFORE_CREATION"
"""The code of a day of closing that is too early for what is closed."""


def validate_description(description: str | None, path: Path) -> str | None:
    """Return the description without blanks around it; a blank one is none.

    Raises:
        RuleViolation: it is longer than ``MAX_DESCRIPTION_LENGTH``, or holds a NUL character.
    """
    return validate_optional_text("description", description, path, longest=MAX_DESCRIPTION_LENGTH)


def validate_closing_date(caller: Caller, closed_on: date | None) -> date:
    """Return the day that was sent, else today (UTC).

    Raises:
        RuleViolation: the day is in the future.
    """
    if closed_on is not None and closed_on > caller.today:
        raise RuleViolation(
            "CLOSED_ON_IN_FUTURE",
            f"{closed_on} is in the future: today is {caller.today} (UTC). Send today or an earlier day.",
            ("input", "closedOn"),
        )
    return closed_on or caller.today


def validate_closing_date_since(caller: Caller, closed_on: date | None, what: str, created_on: date) -> date:
    """Return the day that was sent, else today (UTC).

    Raises:
        RuleViolation: the day is in the future, or before ``what`` was created.
    """
    day = validate_closing_date(caller, closed_on)
    if day < created_on:
        raise RuleViolation(
            CLOSED_ON_BEFORE_CREATION,
            f"{what} was created on {created_on}, after {day}. Send that day or a later one.",
            ("input", "closedOn"),
        )
    return day
