"""Which texts are CSV, and where a text stops to be CSV."""

import csv
import io
from random import Random

import pytest

from db.importers.csv_syntax import MAX_PARSED_FIELD_LENGTH, CsvSyntaxError, read_rows

UNCLOSED = "A field begins with a quote that is not closed"
STRAY = "There is a quote inside a field"


def rows_and_error(text: str) -> tuple[list[tuple[int, list[str]]], tuple[int, str] | None]:
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend(read_rows(text))  # extend keeps what was read before an error
    except CsvSyntaxError as error:
        return rows, (error.line, str(error))
    return rows, None


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("a,b\nc,d", [(1, ["a", "b"]), (2, ["c", "d"])]),
        ("a,\n\n,b\n", [(1, ["a", ""]), (2, [""]), (3, ["", "b"])]),
        ('"a,""b""","c\n\nd"\ne,f\n', [(1, ['a,"b"', "c\n\nd"]), (4, ["e", "f"])]),
        ('"",""\n', [(1, ["", ""])]),
        ('""""\n', [(1, ['"'])]),
    ],
)
def test_rows_begin_on_their_first_line(text: str, rows: list[tuple[int, list[str]]]) -> None:
    assert rows_and_error(text) == (rows, None)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('a,b\nA,"Norway,\nB,"Sweden",\nC,\n', 2, UNCLOSED),
        ('a,b\n"x\n\ny","Norway\nB,C\n', 4, UNCLOSED),
        ('a,"b"c\n', 1, UNCLOSED),
        ('a,"b" \n', 1, UNCLOSED),
        ('a,b\nc,d"e\n', 2, STRAY),
        ('a,b\nc, "d"\n', 2, STRAY),
        (f"a,b\nc,{'x' * (MAX_PARSED_FIELD_LENGTH + 1)}\n", 2, "A field has more than 131,072 characters."),
        (f'a,b\nc,"{"x" * (MAX_PARSED_FIELD_LENGTH + 1)}"\n', 2, "A field has more than 131,072 characters."),
    ],
)
def test_the_line_is_the_one_on_which_the_invalid_field_begins(text: str, line: int, reason: str) -> None:
    _, error = rows_and_error(text)

    assert error is not None
    assert error[0] == line
    assert error[1].startswith(reason)


def test_a_field_of_the_maximal_length_is_read() -> None:
    text = "x" * MAX_PARSED_FIELD_LENGTH

    assert rows_and_error(f"a,{text}\n") == ([(1, ["a", text])], None)


def test_rows_are_those_that_a_csv_writer_wrote() -> None:
    random = Random(16)
    for _ in range(500):
        rows = [
            ["".join(random.choices('a,"\n ', k=random.randrange(6))) for _ in range(3)]
            for _ in range(random.randrange(5))
        ]
        written = io.StringIO()
        csv.writer(
            written, lineterminator="\n", quoting=random.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))
        ).writerows(rows)

        read, error = rows_and_error(written.getvalue())

        assert error is None
        assert [texts for _, texts in read] == rows
