"""Cursors: where a row is in an order, as opaque text that holds the row's sort key.

The text is the hexadecimal form of a JSON array: the fingerprint of the order, then the sort key's values.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from uuid import UUID

import orjson
from sqlalchemy import ColumnClause, Date, FromClause, Integer, and_, or_, true, tuple_

from db.domain.text_formats import parse_date, parse_instant
from db.sql.column_types import Amount, Id, Instant
from schema.planner.errors import BadInput
from schema.planner.lists.ordering import OrderTerm
from schema.planner.plan.parameters import ArgumentRef
from schema.planner.sql.expressions import Condition, HexText, JsonText, SqlExpression, TextPart, json_value

KeyParser = Callable[[object], object]
"""Turns a value of a cursor's JSON into that of its column; raises ValueError if it can't be one."""

_MAX_CHARACTERS = 4096
"""The rest of a longer cursor is ignored: none of ours has as many."""

_MAX_CACHED_CURSORS = 16
"""Parsed cursors; a statement binds each value of a cursor by itself."""

_AMOUNT = re.compile(r"-?[0-9]{1,13}\.[0-9]{2}")
_MAX_INTEGER = 2**31 - 1

_FOREIGN = (
    "This cursor is not from this list in this order. Take cursors from edges or pageInfo of the same field."
)


@dataclass(frozen=True, slots=True)
class ListOrder:
    """An order of the list of one type. Its ``fingerprint`` is in its cursors and in no other order's."""

    terms: Sequence[OrderTerm]
    fingerprint: str

    @classmethod
    def from_terms(cls, type_name: str, terms: Sequence[OrderTerm]) -> "ListOrder":
        """Return the order by these terms; the fingerprint is a hash of the type, columns and directions."""
        columns = ",".join(f"{term.column}{'-' if term.descending else '+'}" for term in terms)
        return cls(terms, hashlib.sha256(f"{type_name}:{columns}".encode()).hexdigest()[:8])

    def order_by(self, row: FromClause, *, backward: bool) -> list[SqlExpression]:
        """Return the ORDER BY of rows, in the opposite order if ``backward``."""
        return [term.key(row).desc() if term.descending != backward else term.key(row) for term in self.terms]

    def cursor(
        self, row: FromClause, pick: Callable[[SqlExpression], SqlExpression] = lambda value: value
    ) -> JsonText:
        """Return a row's cursor as a JSON string; ``pick`` can be an aggregate that picks one row of many."""
        parts: list[TextPart] = [f'["{self.fingerprint}"']
        for term in self.terms:
            parts += [",", json_value(pick(term.value(row)), is_string=True)]
        return JsonText(['"', HexText(JsonText([*parts, "]"])), '"'])

    def follows(self, row: FromClause, cursor: ArgumentRef, *, backward: bool) -> Condition:
        """Return whether a row comes after the cursor, or before it if ``backward``."""
        keys, values = self._compared(row, cursor)
        descends = [term.descending != backward for term in self.terms]
        # The first key is bounded by itself too, so that an index is read from the cursor on. Neither
        # database derives a bound from alternatives, nor SQLite from row values that start with expressions.
        first = keys[0] <= values[0] if descends[0] else keys[0] >= values[0]
        if len(set(descends)) == 1:
            row_value, cursor_value = tuple_(*keys), tuple_(*values)
            beyond = row_value < cursor_value if descends[0] else row_value > cursor_value
            return beyond if isinstance(keys[0], ColumnClause) else and_(first, beyond)
        alternatives = [
            and_(
                _equal(keys[:level], values[:level]),
                keys[level] < values[level] if descending else keys[level] > values[level],
            )
            for level, descending in enumerate(descends)
        ]
        return and_(first, or_(*alternatives))

    def is_at(self, row: FromClause, cursor: ArgumentRef) -> Condition:
        """Return whether the cursor is that of a row."""
        return _equal(*self._compared(row, cursor))

    def _compared(
        self, row: FromClause, cursor: ArgumentRef
    ) -> tuple[list[SqlExpression], list[SqlExpression]]:
        """Return the keys of a row, and the parameters for those of the cursor."""
        keys = [term.key(row) for term in self.terms]
        parsers = tuple(_key_parser(key) for key in keys)
        values: list[SqlExpression] = [
            cursor.bind(key.type, partial(_key_value, place, self.fingerprint, parsers))
            for place, key in enumerate(keys)
        ]
        return keys, values


def _equal(keys: Sequence[SqlExpression], values: Sequence[SqlExpression]) -> Condition:
    return and_(true(), *(key == value for key, value in zip(keys, values, strict=True)))


def _key_value(place: int, fingerprint: str, parsers: tuple[KeyParser, ...], cursor: str) -> object:
    return _parse(fingerprint, parsers, cursor)[place]


@lru_cache(_MAX_CACHED_CURSORS)
def _parse(fingerprint: str, parsers: tuple[KeyParser, ...], cursor: str) -> list[object]:
    try:
        found, *parts = orjson.loads(bytes.fromhex(cursor[:_MAX_CHARACTERS]))
        parts = parts if found == fingerprint else []
        return [parse(part) for parse, part in zip(parsers, parts, strict=True)]
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(_FOREIGN) from error


def _key_parser(key: SqlExpression) -> KeyParser:
    match key.type:
        case Amount():
            return _parse_amount
        case Instant():
            return _parse_instant
        case Date():
            return _parse_date
        case Id():
            return _parse_id
        case Integer():
            return _parse_integer
    return _parse_text


def _parse_amount(value: object) -> Decimal:
    text = _parse_text(value)
    if not _AMOUNT.fullmatch(text):
        raise ValueError("An amount was expected.")
    return Decimal(text)


def _parse_instant(value: object) -> datetime:
    return parse_instant(_parse_text(value))


def _parse_date(value: object) -> date:
    return parse_date(_parse_text(value))


def _parse_id(value: object) -> UUID:
    return UUID(_parse_text(value))


def _parse_integer(value: object) -> int:
    if not isinstance(value, int) or abs(value) > _MAX_INTEGER:
        raise ValueError("A 32-bit integer was expected.")
    return value


def _parse_text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("A text was expected.")
    return value
