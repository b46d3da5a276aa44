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
    formats = [_BYTES if isinstance(each, UUID) else _TEXT for each in parameters]
    values = [_length_and_value(each) for each in parameters]
    number = len(values).to_bytes(2)
    sent = (number, *formats, number, *values, bytes(2))  # no formats of what is returned: all texts
    return _message(b"B", b"\0%s\0%s" % (name.encode(), b"".join(sent))) + _EXECUTE


def preparing(name: str, sql: str) -> bytes:
    """Return the message that prepares a statement without parameters under a name."""
    return _message(b"P", b"%s\0%s\0\0\0" % (name.encode(), sql.encode()))


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + (4 + len(content)).to_bytes(4) + content


_TEXT, _BYTES = (0).to_bytes(2), (1).to_bytes(2)
"""How a value is sent. UUIDs are as bytes: writing them as texts would take longer than everything else."""

_EXECUTE = _message(b"E", bytes(5))

BEGINNING = preparing("", "BEGIN") + _message(b"B", bytes(8)) + _EXECUTE
"""The messages that begin a transaction."""


def _length_and_value(value: Any) -> bytes:
    if value is None:
        return _NULL
    sent = value.bytes if isinstance(value, UUID) else _text(value).encode()
    return len(sent).to_bytes(4) + sent


_NULL = (-1).to_bytes(4, signed=True)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return _array(value)
    if isinstance(value, _WRITTEN_ALIKE):
        return str(value)
    raise TypeError(f"Say how PostgreSQL writes a {type(value).__name__}.")


_WRITTEN_ALIKE = (UUID, datetime, date, Decimal, int)
"""PostgreSQL takes them, among them True and False, as Python writes them."""


def _array(values: Sequence[Any]) -> str:
    texts = [_text(value).replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return "{" + ",".join([f'"{text}"' for text in texts]) + "}"
