"""The pages of a list, computed in plain Python from rows, without the code under test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from string import ascii_lowercase, ascii_uppercase
from typing import Any
from uuid import UUID

from graphql import GraphQLInputObjectType, get_named_type

Row = Mapping[str, Any]
Order = Sequence[Mapping[str, str]]

_COMPARATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, expected: value == expected,
    "gt": lambda value, expected: value > expected,
    "gte": lambda value, expected: value >= expected,
    "lt": lambda value, expected: value < expected,
    "lte": lambda value, expected: value <= expected,
    "in": lambda value, expected: value in expected,
    "containsIgnoreCase": lambda value, expected: expected.lower() in value.lower(),
}
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "IDFilter": lambda id_: id_.partition("_")[2],
    "DecimalFilter": lambda amount: Decimal(str(amount)),
    "DateFilter": date.fromisoformat,
    "DateTimeFilter": datetime.fromisoformat,
}
_SORT_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda name: name.translate(str.maketrans(ascii_uppercase, ascii_lowercase)).encode(),
    **dict.fromkeys(
        ("estimated_close_date", "closed_on", "effective_to", "actual_revenue"),
        lambda value: (value is None, value or 0),  # a missing value comes after every other one
    ),
}
_COLUMNS = {"NUMBER": ("number", "revision")}


@dataclass(frozen=True, slots=True)
class ExpectedList:
    """A list of rows, with the input type of its filter and its default order."""

    rows: Sequence[Row]
    filter_type: GraphQLInputObjectType
    default_order: Order

    def page(self, arguments: Mapping[str, Any], rows_of: Mapping[str, UUID]) -> dict[str, Any]:
        """Return the ids, count and flags of a page; ``rows_of`` has the id of each cursor's row."""
        rows = self._sorted(arguments.get("orderBy"))
        ids = [row["id"] for row in rows]
        after = ids.index(rows_of[arguments["after"]]) if arguments.get("after") else -1
        before = ids.index(rows_of[arguments["before"]]) if arguments.get("before") else len(ids)
        matching = [place for place, row in enumerate(rows) if self._matches(row, arguments.get("filter"))]
        between = [ids[place] for place in matching if after < place < before]
        if arguments.get("last") is not None:
            page = between[max(0, len(between) - arguments["last"]) :]
            omitted = (False, len(page) < len(between))
        else:
            page = between[: 20 if arguments.get("first") is None else arguments["first"]]
            omitted = (len(page) < len(between), False)
        return {
            "ids": page,
            "totalCount": len(matching),
            "hasNextPage": omitted[0] or any(place >= before for place in matching),
            "hasPreviousPage": omitted[1] or any(place <= after for place in matching),
        }

    def _sorted(self, order: Order | None) -> list[Row]:
        terms = [
            (column, each["direction"] == "DESC")
            for each in order or self.default_order
            for column in _COLUMNS.get(each["field"], (each["field"].lower(),))
        ]
        rows = sorted(self.rows, key=lambda row: str(row["id"]), reverse=terms[-1][1])
        for column, descends in reversed(terms):
            rows.sort(key=partial(_sort_key, column), reverse=descends)
        return rows

    def _matches(self, row: Row, filter_: Mapping[str, Any] | None) -> bool:
        return all(self._matches_field(row, name, expected) for name, expected in (filter_ or {}).items())

    def _matches_field(self, row: Row, name: str, expected: Any) -> bool:
        match name:
            case "and":
                return all(self._matches(row, each) for each in expected)
            case "or":
                return any(self._matches(row, each) for each in expected)
            case "not":
                return not self._matches(row, expected)
        value = row[_snake(name)]
        read = _READERS.get(get_named_type(self.filter_type.fields[name].type).name, lambda text: text)
        return all(_compares(value, comparator, each, read) for comparator, each in expected.items())


def _sort_key(column: str, row: Row) -> Any:
    return _SORT_KEYS.get(column, lambda value: value)(row[column])


def _compares(value: Any, comparator: str, expected: Any, read: Callable[[Any], Any]) -> bool:
    if expected is None:
        return value is None
    if comparator == "isNull":
        return bool(expected == (value is None))
    wanted = [read(each) for each in expected] if isinstance(expected, list) else read(expected)
    if comparator == "notIn":
        return value not in wanted
    return value is not None and _COMPARATORS[comparator](_plain(value), wanted)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
