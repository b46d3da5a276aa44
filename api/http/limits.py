"""How much clients may send, and hold open."""

from pydantic import PositiveFloat, PositiveInt

from schema.limits.settings import OperationLimits


class Limits(OperationLimits):
    """What is sent before an operation is looked at, and what stays open."""

    body_bytes: PositiveInt = 256 * 1024
    json_values: PositiveInt = 20_000
    sockets: PositiveInt = 10_000
    sockets_per_caller: PositiveInt = 1_000
    operations_per_socket: PositiveInt = 100
    init_seconds: PositiveFloat = 10.0


DEFAULT_LIMITS = Limits()
