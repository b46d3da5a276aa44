"""What a database doesn't take at all is told apart from a database that can't be reached."""

import pytest
from sqlalchemy import Text, cast, func, literal_column, select

from db.domain.errors import RejectedByDatabase, StatementTooComplex
from db.sql.database import Database
from db.sql.statements import Statement

DEEPEST_ON_SQLITE = 999
"""Additions in one another, within a cast."""

MOST_ARGUMENTS_ON_POSTGRESQL = 100


def answered(expression: str) -> Statement:
    return Statement(select(cast(literal_column(expression), Text).label("answer")))


async def test_an_expression_that_is_too_deep_for_sqlite_is_too_complex(sqlite: Database) -> None:
    assert await sqlite.json(answered("+".join("1" * DEEPEST_ON_SQLITE)), {}) == b"999"
    with pytest.raises(StatementTooComplex):
        await sqlite.json(answered("+".join("1" * (DEEPEST_ON_SQLITE + 1))), {})


async def test_a_call_with_too_many_arguments_for_postgresql_is_too_complex(postgresql: Database) -> None:
    arguments = ", ".join("1" * (MOST_ARGUMENTS_ON_POSTGRESQL + 1))
    with pytest.raises(StatementTooComplex):
        await postgresql.json(answered(f"jsonb_build_array({arguments})"), {})


async def test_a_time_zone_that_postgresql_does_not_know_is_unanswerable(postgresql: Database) -> None:
    with pytest.raises(RejectedByDatabase, match=r"such as a time zone"):
        await postgresql.rows(Statement(select(func.timezone("Mars/Olympus", func.now()).label("then"))))
