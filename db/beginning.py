"""Beginning a transaction on PostgreSQL without waiting for it: BEGIN goes ahead of the first statement."""

import asyncpg


class Connection(asyncpg.Connection):  # type: ignore[misc] # the driver has no types
    """A connection that may begin a transaction together with the statement that comes next."""

    __slots__ = ()

    def begin(self) -> None:
        """Begin a transaction; what PostgreSQL says to it comes with the answer to the next statement.

        Raises:
            asyncpg.InterfaceError: the connection was closed.
        """
        if self._transport.is_closing():
            raise asyncpg.InterfaceError("The connection is closed.")
        self._transport.write(_BEGIN)


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + (4 + len(content)).to_bytes(4) + content


# No Sync ends these messages, so PostgreSQL goes on to the next statement's, which end with one. The driver
# takes all that comes until the answer to that as one answer, and passes over what it did not ask for.
_BEGIN = b"".join(
    (
        _message(b"P", b"\0BEGIN\0" + bytes(2)),  # parse: a statement without a name or parameters
        _message(b"B", bytes(8)),  # bind
        _message(b"E", bytes(5)),  # execute
    )
)
