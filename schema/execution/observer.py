"""Observers of operations: what the executor reports to logs and metrics when an operation ends."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schema.request.document import OperationLabel
from schema.request.operation import RefusedMutation

CANCELED = frozenset({"CANCELED"})
"""The codes of an operation that was canceled: its client disconnected, or its time was up."""


class Observation(NamedTuple):
    """An operation that ended after ``seconds``.

    ``operation`` is None if the request could not be executed. ``codes`` are those of the top-level errors,
    ``refusals`` the mutations that a rule refused.
    """

    request_id: str | None
    operation: OperationLabel | None
    codes: frozenset[str]
    refusals: Sequence[RefusedMutation]
    seconds: float


OperationObserver = Callable[[Observation], None]
"""Called in the event loop at the end of every operation: it must not block, nor raise."""
