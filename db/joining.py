"""Joining what PostgreSQL is to change, and rows that it is to insert, into one statement."""

import re
from functools import lru_cache, partial
from typing import Any, NamedTuple


class Change(NamedTuple):
    """A statement, its parameters, and how many rows it has to change."""

    sql: str
    parameters: list[Any]
    number: int


NO_CHANGE = Change("SELECT", [], 1)
"""Stands for the change where there are only insertions."""


@lru_cache(256)
def joined(change: str, taken: int, insertions: tuple[str, ...]) -> str:
    """Return one statement that makes the change and inserts the rows, those of a table in their order.

    PostgreSQL tells of it how many rows the change has changed, which has ``taken`` the first parameters.
    """
    parts: dict[str, list[str]] = {}
    for sql in insertions:
        head, _, row = sql.partition(" VALUES ")
        row = row.partition(" RETURNING ")[0]
        parts.setdefault(head, []).append(_PARAMETER.sub(partial(_moved, taken), row))
        taken += row.count("$")
    inserts = [f"{head} VALUES {', '.join(rows)}" for head, rows in parts.items()]
    writes = ", ".join(f"w{place} AS ({each})" for place, each in enumerate(inserts))
    return f"WITH {writes} {change}" if writes else change


def _moved(by: int, parameter: re.Match[str]) -> str:
    return f"${int(parameter[1]) + by}"


_PARAMETER = re.compile(r"\$(\d+)")
