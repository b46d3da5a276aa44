"""CSV reader: convert the rows of a directory's files, and collect the rows that are invalid."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from db.domain.errors import DealdeskError
from db.domain.money import MAX_AMOUNT, fits_decimal_places
from db.domain.text_formats import parse_date, parse_decimal
from db.importers.report import RejectedRow

T = TypeVar("T")

MAX_INTEGER_DIGITS = 9
"""Integers of this many digits fit into a PostgreSQL integer."""

MAX_FIELD_LENGTH = 200
"""In characters. PostgreSQL can't index much longer names."""


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
        """Return a date in ISO format. Raise RowError if it is not one."""
        text = self.texts[column]
        try:
            return parse_date(text) if text else None
        except ValueError:
            raise RowError(f"{column} {text!r} is not a date such as 2017-03-01.") from None

    def amount(self, column: str) -> Decimal | None:
        """Return an amount from 0 to ``MAX_AMOUNT`` with at most two decimals, or raise RowError."""
        text = self.texts[column]
        try:
            amount = parse_decimal(text or "0")
        except ValueError:
            amount = Decimal("NaN")
        if amount.is_nan() or not 0 <= amount <= MAX_AMOUNT or not fits_decimal_places(amount):
            raise RowError(f"{column} {text!r} is not an amount such as 1054.50, at most {MAX_AMOUNT:,}.")
        return amount if text else None

    def integer(self, column: str) -> int | None:
        """Return an integer of at most ``MAX_INTEGER_DIGITS`` digits, or raise RowError."""
        text = self.texts[column]
        if text and not (text.isdecimal() and len(text) <= MAX_INTEGER_DIGITS):
            raise RowError(f"{column} {text!r} is not a whole number of at most {MAX_INTEGER_DIGITS} digits.")
        return int(text) if text else None


def require(column: str, value: T | None) -> T:
    """Return the value, or raise RowError if it is missing."""
    if value is None:
        raise RowError(f"{column} is empty.")
    return value


class CsvDirectory:
    """A directory of CSV files; ``rejected`` collects the invalid rows of all files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.rejected: list[RejectedRow] = []

    def read(self, file: str, columns: Sequence[str], convert: Callable[[CsvRow], T]) -> dict[str, T]:
        """Convert each row of a file, and key the results by the first column, which must be unique.

        Raises:
            ImportSourceError: the file is missing, not CSV in UTF-8, or has other columns.
        """
        results: dict[str, T] = {}
        for line, texts in self._rows(file, columns):
            try:
                row = _row(line, columns, texts)
                results[_new_key(row, columns[0], results)] = convert(row)
            except RowError as error:
                self.rejected.append(RejectedRow(file, line, str(error)))
        return results

    def _rows(self, file: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        try:
            text = (self._directory / file).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ImportSourceError(
                f"{file} can't be read in {self._directory}: {error.strerror}."
            ) from error
        except UnicodeDecodeError as error:
            raise ImportSourceError(f"{file} is not in UTF-8.") from error
        rows = csv.reader(io.StringIO(text))
        try:
            if (header := next(rows, [])) != list(columns):
                raise ImportSourceError(
                    f"{file} must begin with the line {','.join(columns)!r}, not {','.join(header)!r}."
                )
            yield from ((rows.line_num, row) for row in rows if row)
        except csv.Error as error:
            raise ImportSourceError(f"{file} is not a CSV file: line {rows.line_num}: {error}.") from error


def _row(line: int, columns: Sequence[str], texts: Sequence[str]) -> CsvRow:
    if len(texts) != len(columns):
        raise RowError(f"The row has {len(texts)} fields, not {len(columns)}.")
    if any(len(text) > MAX_FIELD_LENGTH or "\0" in text for text in texts):
        raise RowError(f"A field contains a NUL character or more than {MAX_FIELD_LENGTH} characters.")
    return CsvRow(line, {column: text.strip() for column, text in zip(columns, texts, strict=True)})


def _new_key(row: CsvRow, column: str, results: Mapping[str, object]) -> str:
    key = require(column, row.text(column))
    if key in results:
        raise RowError(f"{column} {key!r} already appears on an earlier line.")
    return key
