"""What the inputs of mutations share: descriptions of common fields, ids and changes."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from strawberry import UNSET

from db.domain.errors import NotFound, Path
from schema.planner.errors import BadInput
from schema.planner.global_ids import decode_id

Changes = TypeVar("Changes")

IDEMPOTENCY_KEY = (
    "Makes it safe to send the mutation again: for 24 hours the same key with the same input returns the"
    " first result. Up to 128 characters."
)
"""The description of every mutation's idempotency key."""

EXPECTED_VERSION = "The version that you read. At any other version nothing is changed."
"""The description of every mutation's expected version."""

CLOSE_DESCRIPTION = "A note on the closing; up to 2,000 characters."
"""The description of the note that a closing takes."""

UNCHANGED = "Unchanged if left out."
CLEARED = "Unchanged if left out; null clears it."


def parse_id(prefix: str, noun: str, text: str, path: Path) -> UUID:
    """Return the UUID of a global id; ``noun`` and ``path`` are for the error.

    Raises:
        NotFound: the id is malformed or belongs to another type, which the caller can't tell from missing.
    """
    try:
        return decode_id(prefix, text)
    except BadInput as error:
        raise NotFound(noun, path) from error


def parse_optional_id(prefix: str, noun: str, text: str | None, path: Path) -> UUID | None:
    """Return the UUID of a global id that may be left out; raise as ``parse_id`` does."""
    return None if text is None else parse_id(prefix, noun, text, path)


def parse_ids(prefix: str, texts: Sequence[str]) -> tuple[UUID, ...]:
    """Return the UUIDs of many global ids, for an operation that reports each missing one.

    A malformed id becomes a UUID that no row has: version 5, while those of rows have version 7.
    """
    return tuple(_parse_or_invent(prefix, text) for text in texts)


def _parse_or_invent(prefix: str, text: str) -> UUID:
    try:
        return decode_id(prefix, text)
    except BadInput:
        return uuid5(NAMESPACE_OID, text)


def changed_fields(
    changes: Callable[..., Changes],
    input_: object,
    *names: str,
    clearable: Sequence[str] = (),
    parsers: Mapping[str, Callable[[str], UUID]] = MappingProxyType({}),
) -> Changes:
    """Return ``changes`` of those fields of an input that were sent; ``parsers`` read the ids among them.

    Null is a value for the ``clearable`` fields and leaves the other ones unchanged.
    """
    changed: dict[str, object] = {}
    for name in (*names, *clearable):
        value = getattr(input_, name)
        if value is None and name in clearable:
            changed[name] = None
        elif value is not None and value is not UNSET:
            changed[name] = parsers[name](value) if name in parsers else value
    return changes(**changed)
