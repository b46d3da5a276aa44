"""Limits of what a client may send and keep open."""

from pydantic import PositiveFloat, PositiveInt

from schema.limits.settings import OperationLimits


class Limits(OperationLimits):
    """The limits of the transports, together with those of GraphQL operations.

    ``sockets`` are WebSockets of the process, ``sockets_per_caller`` those of one user, and ``init_seconds``
    is the time from opening a WebSocket to its connection_init message.
    """

    body_bytes: PositiveInt = 256 * 1024
    json_values: PositiveInt = 20_000
    sockets: PositiveInt = 10_000
    sockets_per_caller: PositiveInt = 1_000
    operations_per_socket: PositiveInt = 100
    init_seconds: PositiveFloat = 10.0


DEFAULT_LIMITS = Limits()
