"""How slow this machine is at the moment, for tests whose bound is a time on an ordinary one."""

from time import process_time

_ITERATIONS = 400_000
_REFERENCE_SECONDS = 0.0135
"""CPU time of the loop below on the machine for which the bounds were set, at its ordinary speed."""


def slowdown() -> float:
    """Return by how much longer a fixed piece of work takes here and now; at least 1."""
    started = process_time()
    total = 0
    for number in range(_ITERATIONS):
        total += number
    return max(1.0, (process_time() - started) / _REFERENCE_SECONDS)
