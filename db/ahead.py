"""What PostgreSQL is told without waiting for its answer: that comes with the answer to the next statement.

No Sync ends the messages that go ahead, so PostgreSQL goes on to the next statement's, which end with one.
The driver takes all that comes until the answer to that as one answer. It passes over what it did not ask
for, but would take rows for its own; and if what goes ahead fails, the next statement is skipped and raises.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


def running(name: str, parameters: Sequence[Any]) -> bytes:
    """Return the messages that run the prepared statement of a name.

    Raises:
        TypeError: a parameter is of a type that has no text here.
    """
    texts = [_length_and_text(value) for value in parameters]
    number = len(texts).to_bytes(2)
    # Bind, with all parameters as texts, in the unnamed portal; then execute that.
    bind = b"\0%s\0%s%s%s%s" % (name.encode(), _TEXTS, number, b"".join(texts), _TEXTS)
    return _message(b"B", bind) + _EXECUTE


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + (4 + len(content)).to_bytes(4) + content


_TEXTS = bytes(2)
"""No formats: all values are texts."""

_EXECUTE = _message(b"E", bytes(5))

BEGINNING = _message(b"P", b"\0BEGIN\0" + bytes(2)) + _message(b"B", bytes(8)) + _EXECUTE
"""The messages that begin a transaction."""


def _length_and_text(value: Any) -> bytes:
    if value is None:
        return _NULL
    text = _text(value).encode()
    return len(text).to_bytes(4) + text


_NULL = (-1).to_bytes(4, signed=True)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return _array(value)
    if isinstance(value, _WRITTEN_ALIKE):
        return str(value)
    raise TypeError(f"Say how PostgreSQL writes a {type(value).__name__}.")


_WRITTEN_ALIKE = (UUID, datetime, date, Decimal, int)
"""PostgreSQL takes them, among them True and False, as Python writes them."""


def _array(values: list[Any]) -> str:
    texts = [_text(value).replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return "{" + ",".join([f'"{text}"' for text in texts]) + "}"
