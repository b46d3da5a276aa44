"""What a list must answer, worked out over plain rows: no SQL, no plan, nothing of what is under test."""

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
    "eq": lambda value, asked: value == asked,
    "gt": lambda value, asked: value > asked,
    "gte": lambda value, asked: value >= asked,
    "lt": lambda value, asked: value < asked,
    "lte": lambda value, asked: value <= asked,
    "in": lambda value, asked: value in asked,
    "containsIgnoreCase": lambda value, asked: asked.lower() in value.lower(),
}
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "IDFilter": lambda id_: id_.partition("_")[2],
    "DecimalFilter": lambda amount: Decimal(str(amount)),
    "DateFilter": date.fromisoformat,
    "DateTimeFilter": datetime.fromisoformat,
}
_SORT_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda name: name.translate(str.maketrans(ascii_uppercase, ascii_lowercase)).encode(),
    "estimated_close_date": lambda day: day or date(9999, 12, 31),
    "closed_on": lambda day: day or date(9999, 12, 31),
    "effective_to": lambda day: day or date(9999, 12, 31),
    "actual_revenue": lambda amount: Decimal("9999999999999.99") if amount is None else amount,
}
_COLUMNS = {"NUMBER": ("number", "revision")}


@dataclass(frozen=True, slots=True)
class ExpectedList:
    """A list of these rows, with the input type of its filter and its own order."""

    rows: Sequence[Row]
    filter_type: GraphQLInputObjectType
    default_order: Order

    def page(self, arguments: Mapping[str, Any], rows_of: Mapping[str, UUID]) -> dict[str, Any]:
        """Return the page's ids, the count and the flags; ``rows_of`` are the ids of the cursors' rows."""
        rows = self._sorted(arguments.get("orderBy"))
        ids = [row["id"] for row in rows]
        after = ids.index(rows_of[arguments["after"]]) if arguments.get("after") else -1
        before = ids.index(rows_of[arguments["before"]]) if arguments.get("before") else len(ids)
        met = [place for place, row in enumerate(rows) if self._meets(row, arguments.get("filter"))]
        between = [ids[place] for place in met if after < place < before]
        if arguments.get("last") is not None:
            page = between[max(0, len(between) - arguments["last"]) :]
            flags = any(place >= before for place in met), len(page) < len(between)
        else:
            page = between[: 20 if arguments.get("first") is None else arguments["first"]]
            flags = len(page) < len(between), any(place <= after for place in met)
        return {"ids": page, "totalCount": len(met), "hasNextPage": flags[0], "hasPreviousPage": flags[1]}

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

    def _meets(self, row: Row, filter_: Mapping[str, Any] | None) -> bool:
        return all(
            self._holds(row, name, asked) for name, asked in (filter_ or {}).items() if asked is not None
        )

    def _holds(self, row: Row, name: str, asked: Any) -> bool:
        match name:
            case "and":
                return all(self._meets(row, each) for each in asked)
            case "or":
                return any(self._meets(row, each) for each in asked)
            case "not":
                return not self._meets(row, asked)
        value = row[_snake(name)]
        read = _READERS.get(get_named_type(self.filter_type.fields[name].type).name, lambda text: text)
        return all(_compares(value, comparator, each, read) for comparator, each in asked.items())


def _sort_key(column: str, row: Row) -> Any:
    return _SORT_KEYS.get(column, lambda value: value)(row[column])


def _compares(value: Any, comparator: str, asked: Any, read: Callable[[Any], Any]) -> bool:
    if asked is None:
        return True
    if comparator == "isNull":
        return bool(asked == (value is None))
    wanted = [read(each) for each in asked] if isinstance(asked, list) else read(asked)
    if comparator == "notIn":
        return value not in wanted
    return value is not None and _COMPARATORS[comparator](_plain(value), wanted)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
