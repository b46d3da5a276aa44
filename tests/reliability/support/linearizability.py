"""Check a history of concurrent operation calls for linearizability: some sequential order explains it."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from db.domain.errors import Refusal
from db.sql.database import ConcurrentWrite
from tests.db.model_based.model import Model
from tests.db.model_based.model_rows import expected_rows, stored_rows
from tests.db.races.race import Write
from tests.reliability.support.operation_calls import OperationCall, Scenario

_clock = count()

CONCURRENT_WRITE = "CONCURRENT_WRITE"
"""The code of a call that lost a race and was not run again."""


@dataclass(frozen=True)
class CompletedCall:
    """A call, when it started and ended, and either the code of its refusal or its outcome."""

    call: OperationCall
    started_at: int
    ended_at: int
    code: str | None = None
    outcome: Any = None


async def run_call(scenario: Scenario, call: OperationCall, write: Write) -> CompletedCall:
    """Run a call and record its result."""
    started_at = next(_clock)
    try:
        outcome = await write(partial(call.run, scenario.builder.caller))
    except Refusal as refusal:
        return CompletedCall(call, started_at, next(_clock), code=refusal.code)
    except ConcurrentWrite:
        return CompletedCall(call, started_at, next(_clock), code=CONCURRENT_WRITE)
    return CompletedCall(call, started_at, next(_clock), outcome=outcome)


async def is_linearizable(scenario: Scenario, history: Sequence[CompletedCall]) -> bool:
    """Return whether the calls, in some order, give the same results and leave the same rows in the model.

    A call that ended before another one started comes before it. A call that lost a race changes nothing.
    """
    effective = [completed for completed in history if completed.code != CONCURRENT_WRITE]
    return _has_order(scenario.model, effective, await stored_rows(scenario.builder))


def _has_order(model: Model, history: Sequence[CompletedCall], rows: Any) -> bool:
    if not history:
        return bool(expected_rows(model) == rows)
    for first in history:
        if any(other.ended_at <= first.started_at for other in history):
            continue
        next_model = deepcopy(model)
        if first.call.predict(next_model, first.outcome) != first.code:
            continue
        if _has_order(next_model, [each for each in history if each is not first], rows):
            return True
    return False
