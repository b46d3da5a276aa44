"""Statements and values that the database rejects, which is no outage."""

import pytest
from sqlalchemy import Text, cast, func, literal_column, select

from db.domain.errors import RejectedByDatabase, StatementTooComplex
from db.sql.database import Database
from db.sql.statements import Statement

MAX_DEPTH_ON_SQLITE = 999
"""Nested additions within a cast."""

MAX_ARGUMENTS_ON_POSTGRESQL = 100


def select_text(expression: str) -> Statement:
    return Statement(select(cast(literal_column(expression), Text).label("answer")))


async def test_an_expression_that_is_too_deep_for_sqlite_is_too_complex(sqlite: Database) -> None:
    assert await sqlite.json(select_text("+".join("1" * MAX_DEPTH_ON_SQLITE)), {}) == b"999"
    with pytest.raises(StatementTooComplex):
        await sqlite.json(select_text("+".join("1" * (MAX_DEPTH_ON_SQLITE + 1))), {})


async def test_a_call_with_too_many_arguments_for_postgresql_is_too_complex(postgresql: Database) -> None:
    arguments = ", ".join("1" * (MAX_ARGUMENTS_ON_POSTGRESQL + 1))
    with pytest.raises(StatementTooComplex):
        await postgresql.json(select_text(f"jsonb_build_array({arguments})"), {})


async def test_a_time_zone_that_postgresql_does_not_know_is_rejected(postgresql: Database) -> None:
    with pytest.raises(RejectedByDatabase, match=r"such as a time zone"):
        await postgresql.rows(Statement(select(func.timezone("Mars/Olympus", func.now()).label("then"))))
