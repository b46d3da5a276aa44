"""What became of an operation, for whoever counts and logs."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schema.request.document_cache import OperationLabel
from schema.request.operation import RefusedMutation

CANCELED = frozenset({"CANCELED"})
"""The codes of an operation that ended before its answer: its client went away, or its time was up."""


class Observation(NamedTuple):
    """One operation that ended, after ``seconds``.

    ``asked`` is None where the request could not be run. ``codes`` are those of its top-level errors,
    ``refusals`` its mutations that a rule refused.
    """

    request_id: str | None
    operation: OperationLabel | None
    codes: frozenset[str]
    refusals: Sequence[RefusedMutation]
    seconds: float


OperationObserver = Callable[[Observation], None]
"""Told of every operation, at its end and in the event loop: it must not wait, nor fail."""
