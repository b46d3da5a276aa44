"""Ids: UUIDv7 (RFC 9562), so that rows sort by creation and indexes grow at their end."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUIDv7."""
    return uuid7()
