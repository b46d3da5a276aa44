"""Request ids: each response has one in X-Request-ID, and the log lines of its request name it."""

from uuid_utils import uuid7


def new_request_id() -> str:
    """Return a new request id: a UUIDv7 as 32 hexadecimal digits."""
    return uuid7().hex
