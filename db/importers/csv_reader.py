"""CSV reader: convert the rows of a directory's files, and collect the rows that are invalid."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Generic, TypeVar

from db.domain.errors import DealdeskError
from db.domain.money import MAX_AMOUNT
from db.domain.names import forbidden_character, is_visible
from db.domain.text_formats import parse_date, parse_decimal
from db.domain.validation import MAX_NAME_LENGTH, Problems, Validator, validate_amount, validate_date
from db.importers.csv_syntax import CsvSyntaxError, read_rows
from db.importers.report import RejectedRow, UnreadableRest

T = TypeVar("T")

MAX_INTEGER_DIGITS = 9
"""Integers of this many digits fit into a PostgreSQL integer."""

MAX_FIELD_LENGTH = MAX_NAME_LENGTH
"""In characters."""


class ImportSourceError(DealdeskError):
    """The files are missing or not in the expected format; nothing was imported."""


class RowError(Exception):
    """One row is invalid; the message is the reason."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: texts by column, without surrounding blanks. An empty field is None."""

    line: int
    texts: Mapping[str, str]

    def text(self, column: str) -> str | None:
        """Return a text."""
        return self.texts[column] or None

    def iso_date(self, column: str) -> date | None:
        """Return a date in ISO format. Raise RowError if it is not one, or out of range."""
        text = self.texts[column]
        try:
            day = parse_date(text) if text else None
        except ValueError:
            raise RowError(f"{column} {text!r} is not a date such as 2017-03-01.") from None
        return day and validate(column, day, validate_date)

    def amount(self, column: str) -> Decimal | None:
        """Return an amount from 0 to ``MAX_AMOUNT`` with at most two decimals, or raise RowError."""
        text = self.texts[column]
        try:
            amount = parse_decimal(text or "0")
        except ValueError:
            amount = Decimal("NaN")
        problems = Problems()
        amount = validate_amount(problems, column, amount, (column,))
        if problems:
            raise RowError(f"{column} {text!r} is not an amount such as 1054.50, at most {MAX_AMOUNT:,}.")
        return amount if text else None

    def integer(self, column: str) -> int | None:
        """Return an integer of at most ``MAX_INTEGER_DIGITS`` digits, or raise RowError."""
        text = self.texts[column]
        if text and not (text.isascii() and text.isdecimal() and len(text) <= MAX_INTEGER_DIGITS):
            raise RowError(f"{column} {text!r} is not a whole number of at most {MAX_INTEGER_DIGITS} digits.")
        return int(text) if text else None


def validate(column: str, value: T, validator: Validator) -> T:
    """Return the value as a validator of the API returns it. Raise RowError if it has a problem."""
    problems = Problems()
    valid: T = validator(problems, column.replace("_", " "), value, (column,))
    for problem in problems.refusals:
        raise RowError(problem.message)
    return valid


def require(column: str, value: T | None) -> T:
    """Return the value, or raise RowError if it is missing."""
    if value is None:
        raise RowError(f"{column} is empty.")
    return value


@dataclass(frozen=True, slots=True)
class CsvFile(Generic[T]):
    """The valid rows of one file by key.

    ``lines`` has the line of each of them, ``rejected_keys`` the keys of invalid rows. ``is_complete`` is
    false if the file could not be read to its end.
    """

    name: str
    rows: dict[str, T] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    rejected_keys: set[str] = field(default_factory=set)
    is_complete: bool = True


class CsvDirectory:
    """A directory of CSV files.

    ``row_counts`` has the number of rows that were read of each file, ``rejected`` the invalid ones of all
    files, ``unreadable`` the lines from which on files are not valid CSV.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.row_counts: Counter[str] = Counter()
        self.rejected: list[RejectedRow] = []
        self.unreadable: list[UnreadableRest] = []

    def read(self, name: str, columns: Sequence[str], convert: Callable[[CsvRow], T]) -> CsvFile[T]:
        """Convert each row of a file, and key the results by the first column, which must be unique.

        Nothing after an invalid quote is read, because it is unknown where the next row begins. Rows without
        any text are left out.

        Raises:
            ImportSourceError: the file is missing, not in UTF-8, or has other columns.
        """
        rows = read_rows(self._text(name))
        file: CsvFile[T] = CsvFile(name)
        try:
            _, header = next(rows, (1, []))
        except CsvSyntaxError as error:
            raise ImportSourceError(f"{name} is not a CSV file: line {error.line}: {error}") from error
        if header != list(columns):
            raise ImportSourceError(
                f"{name} must begin with the line {','.join(columns)!r}, not {','.join(header)!r}."
            )
        try:
            for line, texts in rows:
                if any(text.strip() for text in texts):
                    self.row_counts[name] += 1
                    self._convert(file, columns, convert, line, texts)
        except CsvSyntaxError as error:
            self.unreadable.append(UnreadableRest(name, error.line, str(error)))
            return replace(file, is_complete=False)
        return file

    def reject(self, file: CsvFile[T], key: str, reason: str) -> None:
        """Move a row from the valid ones of its file to the rejected ones."""
        del file.rows[key]
        file.rejected_keys.add(key)
        self.rejected.append(RejectedRow(file.name, file.lines[key], reason))

    def _convert(
        self,
        file: CsvFile[T],
        columns: Sequence[str],
        convert: Callable[[CsvRow], T],
        line: int,
        texts: Sequence[str],
    ) -> None:
        try:
            row = _row(line, columns, texts)
            key = _new_key(row, columns[0], file.rows)
            file.rows[key] = convert(row)
            file.lines[key] = line
        except RowError as error:
            file.rejected_keys.add(texts[0].strip())
            self.rejected.append(RejectedRow(file.name, line, str(error)))

    def _text(self, name: str) -> str:
        try:
            return (self._directory / name).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ImportSourceError(
                f"{name} can't be read in {self._directory}: {error.strerror}."
            ) from error
        except UnicodeDecodeError as error:
            raise ImportSourceError(f"{name} is not in UTF-8.") from error


def _row(line: int, columns: Sequence[str], texts: Sequence[str]) -> CsvRow:
    if len(texts) != len(columns):
        raise RowError(f"The row has {len(texts)} fields, not {len(columns)}.")
    if any(len(text) > MAX_FIELD_LENGTH or "\0" in text for text in texts):
        raise RowError(f"A field contains a NUL character or more than {MAX_FIELD_LENGTH} characters.")
    stripped = {column: text.strip() for column, text in zip(columns, texts, strict=True)}
    for column, text in stripped.items():
        if (forbidden := forbidden_character(text)) is not None:
            raise RowError(f"{column} contains {forbidden}, which is not allowed in it. Remove it.")
        if text and not is_visible(text):
            raise RowError(f"{column} contains only characters that show nothing.")
    return CsvRow(line, stripped)


def _new_key(row: CsvRow, column: str, earlier: Mapping[str, object]) -> str:
    key = require(column, row.text(column))
    if key in earlier:
        raise RowError(f"{column} {key!r} already appears on an earlier line.")
    return key
