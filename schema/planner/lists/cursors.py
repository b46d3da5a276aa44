"""Cursors: the place of a row in an order, as opaque text. They hold the sort key, never an offset."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnClause, Date, Integer, and_, or_, true, tuple_
from sqlalchemy.sql.elements import ColumnElement

from db.sql.column_types import Amount, Id, Instant
from schema.planner.errors import BadInput
from schema.planner.lists.ordering import OrderTerm
from schema.planner.plan.planner import ArgumentRef
from schema.planner.sql.expressions import HexText, JsonText, SqlExpression, TextPart, json_value

Condition = ColumnElement[bool]
Readers = tuple[Callable[[Any], Any], ...]

_LONGEST = 4096
"""Characters of a cursor that are looked at; what is longer was not made here."""

_REMEMBERED = 16
"""Cursors; a statement takes the parts of each one by one."""

_AMOUNT = re.compile(r"-?\d{1,13}\.\d\d")
_LARGEST_INTEGER = 2**31 - 1

_FOREIGN = (
    "This cursor is not from this list in this order. Take cursors from edges or pageInfo of the same field."
)


@dataclass(frozen=True, slots=True)
class ListOrder:
    """An order of one list; its ``mark`` tells its cursors from all others'."""

    terms: Sequence[OrderTerm]
    mark: str

    @classmethod
    def of(cls, type_name: str, terms: Sequence[OrderTerm]) -> "ListOrder":
        """Return the order of a list of a type."""
        columns = ",".join(f"{term.column}{'-' if term.descending else '+'}" for term in terms)
        return cls(terms, hashlib.sha256(f"{type_name}:{columns}".encode()).hexdigest()[:8])

    def columns(self, row: Any, *, backward: bool) -> list[Any]:
        """Return what SQL sorts rows by."""
        return [term.key(row).desc() if term.descending != backward else term.key(row) for term in self.terms]

    def cursor(
        self, row: Any, told: Callable[[SqlExpression], SqlExpression] = lambda value: value
    ) -> JsonText:
        """Return a row's cursor as a JSON string; ``told`` picks its values out of a group's."""
        pieces: list[TextPart] = [f'["{self.mark}"']
        for term in self.terms:
            pieces += [",", json_value(told(term.value(row)), is_string=True)]
        return JsonText(['"', HexText(JsonText([*pieces, "]"])), '"'])

    def beyond(self, row: Any, cursor: ArgumentRef, *, backward: bool) -> Condition:
        """Return whether a row follows the cursor, or precedes it where ``backward``."""
        keys, values = self._compared(row, cursor)
        descends = [term.descending != backward for term in self.terms]
        # The first key alone bounds the range too, so that an index starts at the cursor: neither database
        # takes a bound from several ways, SQLite none from a row that begins with an expression.
        first = keys[0] <= values[0] if descends[0] else keys[0] >= values[0]
        if len(set(descends)) == 1:
            row_follows = _follows(tuple_(*keys), tuple_(*values), descending=descends[0])
            return row_follows if isinstance(keys[0], ColumnClause) else and_(first, row_follows)
        ways = [
            and_(
                _equal(keys[:level], values[:level]),
                _follows(keys[level], values[level], descending=descending),
            )
            for level, descending in enumerate(descends)
        ]
        return and_(first, or_(*ways))

    def at(self, row: Any, cursor: ArgumentRef) -> Condition:
        """Return whether a row is the cursor's own."""
        return _equal(*self._compared(row, cursor))

    def _compared(self, row: Any, cursor: ArgumentRef) -> tuple[list[SqlExpression], list[SqlExpression]]:
        keys = [term.key(row) for term in self.terms]
        readers = tuple(_reader(key.type) for key in keys)
        values = [
            cursor.bind(key.type, partial(_part, place, self.mark, readers)) for place, key in enumerate(keys)
        ]
        return keys, list(values)


def _equal(keys: Sequence[SqlExpression], values: Sequence[SqlExpression]) -> Condition:
    return and_(true(), *(key == value for key, value in zip(keys, values, strict=True)))


def _follows(key: Any, value: Any, *, descending: bool) -> Condition:
    follows: Condition = key < value if descending else key > value
    return follows


def _part(place: int, mark: str, readers: Readers, cursor: str) -> Any:
    return _parts(mark, readers, cursor)[place]


@lru_cache(_REMEMBERED)
def _parts(mark: str, readers: Readers, cursor: str) -> list[Any]:
    try:
        found, *parts = orjson.loads(bytes.fromhex(cursor[:_LONGEST]))
        parts = parts if found == mark else []
        return [read(text) for read, text in zip(readers, parts, strict=True)]
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(_FOREIGN) from error


def _reader(type_: Any) -> Callable[[Any], Any]:
    match type_:
        case Amount():
            return _amount
        case Instant():
            return _instant
        case Date():
            return date.fromisoformat
        case Id():
            return _id
        case Integer():
            return _integer
    return _text


def _amount(value: Any) -> Decimal:
    if not _AMOUNT.fullmatch(value):
        raise ValueError("An amount was expected.")
    return Decimal(value)


def _instant(value: Any) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("An instant with its offset was expected.")
    return instant.astimezone(UTC)


def _id(value: Any) -> UUID:
    return UUID(_text(value))


def _integer(value: Any) -> int:
    if not isinstance(value, int) or abs(value) > _LARGEST_INTEGER:
        raise ValueError("A 32-bit integer was expected.")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("A text was expected.")
    return value
