"""Global ids: a type's prefix and a UUIDv7, such as ``opp_0190c2f4-...``. Clients treat them as opaque."""

import re
from uuid import UUID

from schema.planner.errors import BadInput

_ID = re.compile(r"([a-z]+)_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")


def encode_id(prefix: str, id_: UUID) -> str:
    """Return the global id of an object whose type has this prefix."""
    return f"{prefix}_{id_}"


def split_id(text: str) -> tuple[str, UUID]:
    """Return the prefix and the UUID of a global id.

    Raises:
        BadInput: the text is no global id.
    """
    match = _ID.fullmatch(text)
    if match is None:
        raise BadInput("This is no id. Send an id as it was answered, such as opp_0190c2f4-….")
    return match[1], UUID(match[2])


def decode_id(prefix: str, text: str) -> UUID:
    """Return the UUID of a global id that must have this prefix.

    Raises:
        BadInput: the text is no global id, or has another prefix.
    """
    found, id_ = split_id(text)
    if found != prefix:
        raise BadInput(f"This is the id of something else: one that starts with {prefix}_ goes here.")
    return id_
