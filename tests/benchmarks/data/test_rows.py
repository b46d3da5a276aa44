"""The rows of the benchmark."""

import sqlite3
from contextlib import closing
from pathlib import Path

from db import models
from tests.benchmarks.data.fill import fill_sqlite
from tests.benchmarks.data.rows import dataset
from tests.benchmarks.data.sizes import FEW_QUOTES, Size

_SMALL = Size("small", accounts=50, users=4, opportunities=300)
_COUNTS = """
SELECT name,
    (SELECT count(*) FROM app_user WHERE organization_id = organization.id),
    (SELECT count(*) FROM account WHERE organization_id = organization.id),
    (SELECT count(*) FROM opportunity WHERE organization_id = organization.id),
    (SELECT count(*) FROM quote WHERE organization_id = organization.id),
    (SELECT count(*) FROM quote_line WHERE organization_id = organization.id)
FROM organization ORDER BY created_at
"""
_WRONG_TOTALS = """
SELECT count(*) FROM quote
WHERE total <> (SELECT sum(total) FROM quote_line WHERE quote_id = quote.id)
"""


def test_the_same_size_gives_the_same_rows() -> None:
    assert list(dataset(_SMALL)) == list(dataset(_SMALL))


async def test_rows_have_the_numbers_of_their_size_and_satisfy_all_constraints(tmp_path: Path) -> None:
    path = tmp_path / "benchmark.db"
    await fill_sqlite(path, _SMALL)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(_COUNTS).fetchall() == [
            ("Northgate Engineering", 4, 50, 300, 900, 3000),
            ("Southgate Engineering", 2, 1, 6, 18, 60),
        ]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute(_WRONG_TOTALS).fetchone() == (0,)


def test_the_smaller_size_for_growth_has_10_000_quotes() -> None:
    quotes = [quote for batch in dataset(FEW_QUOTES) for quote in batch[models.Quote]]
    organization = quotes[0]["organization_id"]
    assert sum(quote["organization_id"] == organization for quote in quotes) == 10_000
