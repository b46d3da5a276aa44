"""Insert many rows of several tables at once."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlmodel import SQLModel

from db import models  # noqa: F401 - registers every table
from db.sql.database import Transaction
from db.sql.statements import insert_statement
from db.sql.tables import table_of

_insert_statement = cache(insert_statement)
_PARENTS_FIRST = tuple(SQLModel.metadata.sorted_tables)


async def insert_rows(transaction: Transaction, rows: Iterable[SQLModel]) -> None:
    """Insert rows in the order that foreign keys require, and within a table in the given order."""
    values: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        values[type(row)].append(row.model_dump())
    for model in sorted(values, key=lambda model: _PARENTS_FIRST.index(table_of(model))):
        await transaction.execute_many(_insert_statement(model), values[model])
