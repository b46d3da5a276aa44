"""Texts of dates, instants and decimals: all that their specifications allow, and nothing else."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from db.domain.text_formats import parse_date, parse_decimal, parse_instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0001-01-01", date.min), ("9999-12-31", date.max), ("2024-02-29", date(2024, 2, 29))],
)
def test_a_date_is_a_full_date_of_rfc_3339(text: str, expected: date) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "20161231",
            "2016-W52-6",
            "2016-366",
            "2016-12",
            "2026-2-3",
            "26-02-03",
            "2026/02/03",
            "03.02.2026",
        ),
        *(
            "2023-02-29",
            "2026-00-10",
            "2026-13-01",
            "0000-01-01",
            "10000-01-01",
            "+2026-01-01",
            "-2026-01-01",
        ),
        *(
            "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661",
            "\uff12026-01-01",
            "2026\u201001\u201001",
            " 2026-01-01",
            "2026-01-01\n",
            "2026-01-01Z",
            "",
        ),
        "2026-01-01T00:00:00Z",
    ],
)
def test_other_texts_are_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|day|month|year"):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-31T08:00:00Z", "2026-03-31T08:00:00+00:00"),
        ("2026-03-31t08:00:00z", "2026-03-31T08:00:00+00:00"),
        ("2026-03-31T08:00:00.5Z", "2026-03-31T08:00:00.500000+00:00"),
        ("2026-03-31T08:00:00.000001Z", "2026-03-31T08:00:00.000001+00:00"),
        ("2026-03-31T08:00:00.1234567Z", "2026-03-31T08:00:00.123456+00:00"),
        ("2026-03-31T08:00:00.123456789Z", "2026-03-31T08:00:00.123456+00:00"),
        (f"2026-03-31T08:00:00.{'9' * 400}Z", "2026-03-31T08:00:00.999999+00:00"),
        ("2026-03-31T08:00:00+05:45", "2026-03-31T02:15:00+00:00"),
        ("2026-03-31T08:00:00-00:00", "2026-03-31T08:00:00+00:00"),
        ("2026-03-31T08:00:00-23:59", "2026-04-01T07:59:00+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("1990-12-31T15:59:60.25-08:00", "1991-01-01T00:00:00.250000+00:00"),
        ("2015-06-30T23:59:60Z", "2015-07-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_an_instant_is_a_date_time_of_rfc_3339(text: str, expected: str) -> None:
    instant = parse_instant(text)
    assert (instant, instant.tzinfo) == (datetime.fromisoformat(expected), UTC)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2026-03-31",
            "2026-03-31T08:00Z",
            "2026-03-31T08:00:00",
            "20260331T080000Z",
            "2026-03-31 08:00:00Z",
        ),
        *(
            "2026-03-31T08:00:00,5Z",
            "2026-03-31T08:00:00.Z",
            "2026-03-31T08:00:00+0200",
            "2026-03-31T08:00:00+02",
        ),
        *(
            "2026-03-31T24:00:00Z",
            "2026-03-31T08:60:00Z",
            "2026-03-31T08:00:61Z",
            "2026-03-31T08:00:00+24:00",
        ),
        *(
            "2026-03-31T08:00:00+02:60",
            "2026-03-31T08:00:60Z",
            "2026-03-31T23:59:60Z",
            "2016-12-31T23:59:60+01:00",
        ),
        *(
            "2026-02-30T08:00:00Z",
            "0000-12-31T08:00:00Z",
            "\u0662\u0660\u0662\u0666-\u0660\u0663-\u0663\u0661T08:00:00Z",
            "2026-03-31T08:00:00.\u0665Z",
        ),
        *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z"),
        *(" 2026-03-31T08:00:00Z", "2026-03-31T08:00:00Z\n", "2026-W14-2T08:00:00Z", "", "now"),
    ],
)
def test_other_texts_are_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"instant|second|day|year"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text", ["0", "-0", "+12500.00", "-1.", ".5", "1e3", "1.2E+6", "00012", "5e-7", 40 * "9"]
)
def test_a_decimal_is_a_finite_numeric_string(text: str) -> None:
    assert parse_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1_000",
            "1,000",
            "1 000",
            "1'000",
            "1,5",
            "\u0661\u0662\u0663",
            "\uff11\uff12",
            "\u096b",
            "\u22125",
            " 5 ",
            "5\n",
            "\t5",
            "\u00a05",
        ),
        *("", ".", "+", "e5", "1e", "1e+", "--1", "1.2.3", "0x10", "1f", "$5", "5 EUR", 41 * "9"),
        *("NaN", "sNaN", "Infinity", "-inf", "1e99999999999999999999"),
    ],
)
def test_other_texts_are_no_decimal(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        parse_decimal(text)
