"""CSV syntax (RFC 4180), read strictly: rows of fields, up to the first field that is not valid.

Python's ``csv`` accepts quotes inside a field that does not begin with one, and reports the line on which it
stops, not the one on which a quote opens.
"""

import re
from collections.abc import Iterator

MAX_PARSED_FIELD_LENGTH = 131_072
"""In characters. A longer field is a quote that is never closed, or no text for people."""

# Both kinds end before a comma, a new line or the end of the text.
_QUOTED_FIELD = re.compile(r'"([^"]*(?:""[^"]*)*)"(?=[,\n]|\Z)')
_PLAIN_FIELD = re.compile(r'([^",\n]*)(?=[,\n]|\Z)')


class CsvSyntaxError(Exception):
    """The text is not valid CSV from ``line`` on, where a field begins. The message is the reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def read_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    r"""Yield each row with the line on which it begins, counted from 1. Lines end with ``\n``.

    Raises:
        CsvSyntaxError: a field is not valid; the rows before it have been yielded.
    """
    position, line = 0, 1
    while position < len(text):
        first_line, fields = line, list[str]()
        while True:
            field, position = _read_field(text, position, line)
            fields.append(field)
            line += field.count("\n")
            if text[position : position + 1] != ",":
                break
            position += 1
        yield first_line, fields
        position += 1
        line += 1


def _read_field(text: str, position: int, line: int) -> tuple[str, int]:
    """Return the field at a position, and the position of its end."""
    is_quoted = text.startswith('"', position)
    match = (_QUOTED_FIELD if is_quoted else _PLAIN_FIELD).match(text, position)
    if match is None:
        raise CsvSyntaxError(
            line,
            "A field begins with a quote that is not closed before a comma or the end of the line."
            " Close it, and double the quotes inside the field."
            if is_quoted
            else "There is a quote inside a field that does not begin with one. Put the field in quotes, and"
            " double the quotes inside it.",
        )
    if len(match[1]) > MAX_PARSED_FIELD_LENGTH:
        raise CsvSyntaxError(
            line,
            f"A field has more than {MAX_PARSED_FIELD_LENGTH:,} characters. Shorten it, or close its quotes.",
        )
    return match[1].replace('""', '"'), match.end()
