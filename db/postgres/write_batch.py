"""Making few statements of what PostgreSQL is to change and of rows that it is to insert: each takes time."""

import re
from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple


class Part(NamedTuple):
    """A statement and its parameters."""

    sql: str
    parameters: list[Any]


class Change(NamedTuple):
    """A statement that changes rows, and how many it has to change."""

    part: Part
    number: int


def joined(change: Change | None, insertions: Sequence[Part]) -> Part:
    """Return one statement that makes the change and inserts the rows, those of a table in their order.

    It returns no rows. If the change changes more or fewer than it has to, it fails of a division by zero:
    PostgreSQL has no expression that fails as one wants. A parameter that comes again is the same one, for
    the rows that a rule leaves behind have much in common, and each parameter takes time on its way.
    """
    parts = insertions if change is None else (change.part, *insertions)
    parameters: list[Any] = []
    known: dict[int, int] = {}
    places = []
    for value in chain.from_iterable([each.parameters for each in parts]):
        place = known.get(id(value))
        if place is None:
            parameters.append(value)
            place = len(parameters)
            if value is not None:  # which may stand for values of many types
                known[id(value)] = place
        places.append(place)
    sent = tuple([(each.sql, len(each.parameters)) for each in parts])
    sql = _joined(sent, tuple(places), change is not None)
    return Part(sql, parameters if change is None else [*parameters, change.number])


@lru_cache(256)
def _joined(parts: Sequence[tuple[str, int]], places: Sequence[int], has_change: bool) -> str:
    number = max(places, default=0) + 1
    numbered = []
    for sql, taken in parts:
        numbered.append(_PARAMETER.sub(partial(_placed, places[:taken]), sql))
        places = places[taken:]
    inserts = [f"w{place} AS ({each})" for place, each in enumerate(_grouped(numbered[has_change:]))]
    if not has_change:
        return f"WITH {', '.join(inserts)} SELECT WHERE false"
    writes = ", ".join([*inserts, f"changed AS ({numbered[0]} RETURNING 1)"])
    return f"WITH {writes} SELECT 1 / (0 * count(*)) FROM changed HAVING count(*) <> ${number}"  # noqa: S608 - statements of ours


@lru_cache(256)
def of_columns(insertion: str) -> str:
    """Return a statement that inserts many rows, for the insertion of one: a parameter for each column.

    For each row on its own PostgreSQL would begin and end a statement.
    """
    head, row = _halves(insertion)
    columns = [f"{typed.partition(' COLLATE ')[0]}[]" for typed in _BETWEEN.split(row[1:-1])]
    return f"{head} SELECT * FROM unnest({', '.join(columns)})"  # noqa: S608 - a statement of ours


def _grouped(insertions: Sequence[str]) -> list[str]:
    rows_of: dict[str, list[str]] = {}
    for sql in insertions:
        head, row = _halves(sql)
        rows_of.setdefault(head, []).append(row)
    return [f"{head} VALUES {', '.join(rows)}" for head, rows in rows_of.items()]


def _halves(insertion: str) -> tuple[str, str]:
    """Return what comes before the values, and the values in their parentheses."""
    head, _, row = insertion.partition(" VALUES ")
    return head, row.partition(" RETURNING ")[0]


def _placed(places: Sequence[int], parameter: re.Match[str]) -> str:
    return f"${places[int(parameter[1]) - 1]}"


_PARAMETER = re.compile(r"\$(\d+)")
_BETWEEN = re.compile(r", (?=\$)")
