"""The rows of the CSV files, read value by value; what can't be read is refused with its line."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from db.domain.errors import DealdeskError
from db.domain.money import MAX_AMOUNT, fits_decimal_places
from db.importers.pipeline.report import RejectedRow

T = TypeVar("T")

LONGEST_WHOLE_NUMBER = 9
"""How many digits surely fit into PostgreSQL's integer."""

LONGEST_TEXT = 200
"""How many characters a field may have; PostgreSQL indexes no name that is much longer than two of these."""


class ImportSourceError(DealdeskError):
    """The directory doesn't hold the files of a pipeline."""


class RowError(Exception):
    """One row can't land; the text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file: texts by column, without surrounding blanks."""

    line: int
    texts: Mapping[str, str]

    def text(self, column: str) -> str | None:
        """Return a text, or None."""
        return self.texts[column] or None

    def day(self, column: str) -> date | None:
        """Return a day written like 2017-03-01, or None."""
        text = self.texts[column]
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise RowError(f"{column} {text!r} is no date like 2017-03-01.") from None

    def amount(self, column: str) -> Decimal | None:
        """Return an exact amount with at most two places, or None."""
        text = self.texts[column]
        try:
            amount = Decimal(text or 0)
        except InvalidOperation:
            amount = Decimal("NaN")
        if amount.is_nan() or not 0 <= amount <= MAX_AMOUNT or not fits_decimal_places(amount):
            raise RowError(f"{column} {text!r} is no amount like 1054.50, up to {MAX_AMOUNT:,}.")
        return amount if text else None

    def whole_number(self, column: str) -> int | None:
        """Return a whole number, or None."""
        text = self.texts[column]
        if text and not (text.isdecimal() and len(text) <= LONGEST_WHOLE_NUMBER):
            raise RowError(f"{column} {text!r} is no whole number of up to {LONGEST_WHOLE_NUMBER} digits.")
        return int(text) if text else None


def needed(column: str, value: T | None) -> T:
    """Return a value that must not be missing."""
    if value is None:
        raise RowError(f"{column} is empty.")
    return value


class Source:
    """A directory of CSV files; ``refused`` collects the rows that can't land."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.rejected: list[RejectedRow] = []

    def read(self, file: str, columns: Sequence[str], parse: Callable[[Record], T]) -> dict[str, T]:
        """Parse every row of a file; the result is keyed by the first column, whose values are unique.

        Raises:
            ImportUnreadable: the file is missing, is no CSV in UTF-8, or has other columns.
        """
        found: dict[str, T] = {}
        for line, texts in self._rows(file, columns):
            try:
                record = _record(line, columns, texts)
                found[_new_key(record, columns[0], found)] = parse(record)
            except RowError as refusal:
                self.rejected.append(RejectedRow(file, line, str(refusal)))
        return found

    def _rows(self, file: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        rows = csv.reader(io.StringIO(self._text(file)))
        try:
            if (header := next(rows, [])) != list(columns):
                raise ImportSourceError(
                    f"{file} must begin with the line {','.join(columns)!r}, not {','.join(header)!r}."
                )
            yield from ((rows.line_num, row) for row in rows if row)
        except csv.Error as error:
            raise ImportSourceError(f"{file} is no CSV file: line {rows.line_num}: {error}.") from error

    def _text(self, file: str) -> str:
        try:
            return (self._directory / file).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ImportSourceError(
                f"{file} can't be read in {self._directory}: {error.strerror}."
            ) from error
        except UnicodeDecodeError as error:
            raise ImportSourceError(f"{file} is not in UTF-8.") from error


def _record(line: int, columns: Sequence[str], texts: Sequence[str]) -> Record:
    if len(texts) != len(columns):
        raise RowError(f"The row has {len(texts)} fields, not {len(columns)}.")
    if any(len(text) > LONGEST_TEXT or "\0" in text for text in texts):
        raise RowError(f"A field holds a zero byte or more than {LONGEST_TEXT} characters.")
    return Record(line, {column: text.strip() for column, text in zip(columns, texts, strict=True)})


def _new_key(record: Record, column: str, found: Mapping[str, object]) -> str:
    key = needed(column, record.text(column))
    if key in found:
        raise RowError(f"{column} {key!r} is on an earlier line already.")
    return key
