"""Identifiers: UUIDv7, so that rows sort by creation and indexes grow at their end (RFC 9562)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUIDv7."""
    return uuid7()
