"""Cursors: the place of a row in an order, as opaque text. They hold the sort key, never an offset."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Integer, and_, or_, tuple_
from sqlalchemy.sql.elements import ColumnElement

from db.types import Amount, Id, Instant
from schema.reading.errors import BadInput
from schema.reading.orders import Term
from schema.reading.planning import Late
from schema.reading.sql import Concatenation, HexText, Piece, Sql, json_value

_FOREIGN = (
    "This cursor is not from this list in this order. Take cursors from edges or pageInfo of the same field."
)


def cursor_of(terms: Sequence[Term], row: Any, mark: str) -> Concatenation:
    """Return a row's cursor as a JSON string."""
    pieces: list[Piece] = [f'["{mark}"']
    for term in terms:
        pieces += [",", json_value(term.key(row), is_string=True)]
    return Concatenation(['"', HexText(Concatenation([*pieces, "]"])), '"'])


def mark_of(type_name: str, terms: Sequence[Term]) -> str:
    """Return what tells the cursors of one list and order from all others."""
    order = ",".join(f"{term.column}{'-' if term.descending else '+'}" for term in terms)
    return hashlib.sha256(f"{type_name}:{order}".encode()).hexdigest()[:8]


def beyond(
    terms: Sequence[Term], row: Any, cursor: Late, mark: str, *, backward: bool, inclusive: bool = False
) -> ColumnElement[bool]:
    """Return whether a row lies beyond the cursor in the order, or before it where ``backward``."""
    keys = [term.key(row) for term in terms]
    values = [cursor.bind(key.type, _part(mark, position, keys)) for position, key in enumerate(keys)]
    descends = [term.descending != backward for term in terms]
    if len(set(descends)) == 1:
        return _compared(tuple_(*keys), tuple_(*values), descends[0], inclusive=inclusive)
    ways = [
        and_(*map(_equal, keys[:level], values[:level]), _compared(keys[level], values[level], down))
        for level, down in enumerate(descends)
    ]
    if inclusive:
        ways.append(and_(*map(_equal, keys, values)))
    # The first key alone bounds the range too, so that an index on it starts at the cursor.
    return and_(_compared(keys[0], values[0], descends[0], inclusive=True), or_(*ways))


def _equal(key: Sql, value: Sql) -> ColumnElement[bool]:
    return key == value


def _compared(key: Any, value: Any, descending: bool, *, inclusive: bool = False) -> Any:
    if descending:
        return key <= value if inclusive else key < value
    return key >= value if inclusive else key > value


def _part(mark: str, position: int, keys: Sequence[Sql]) -> Callable[[str], Any]:
    readers = [_reader(key.type) for key in keys]

    def part(cursor: str) -> Any:
        try:
            found, *parts = json.loads(bytes.fromhex(cursor))
            values = [read(text) for read, text in zip(readers, parts, strict=True)]
        except (ValueError, TypeError, ArithmeticError) as error:
            raise BadInput(_FOREIGN) from error
        if found != mark:
            raise BadInput(_FOREIGN)
        return values[position]

    return part


def _reader(type_: Any) -> Callable[[Any], Any]:
    match type_:
        case Amount():
            return Decimal
        case Instant():
            return datetime.fromisoformat
        case Date():
            return date.fromisoformat
        case Id():
            return UUID
        case Integer():
            return int
    return _text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("A text was expected.")
    return value
