"""What was done at the same time and what everybody was told: is there an order that explains it?"""

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
from tests.reliability.support.moves import Move, Scene

_clock = count()

LOST_RACE = "LOST_RACE"


@dataclass(frozen=True)
class Told:
    """A move, when it was sent and answered, and the refusal's code or the outcome."""

    move: Move
    sent_at: int
    answered_at: int
    code: str | None = None
    outcome: Any = None


async def tell(scene: Scene, move: Move, write: Write) -> Told:
    """Make a move, and note what came of it; ``LOST_RACE`` is told where nobody tries again."""
    sent_at = next(_clock)
    try:
        outcome = await write(partial(move.act, scene.builder.caller))
    except Refusal as refusal:
        return Told(move, sent_at, next(_clock), code=refusal.code)
    except ConcurrentWrite:
        return Told(move, sent_at, next(_clock), code=LOST_RACE)
    return Told(move, sent_at, next(_clock), outcome=outcome)


async def is_explained(scene: Scene, history: Sequence[Told]) -> bool:
    """Say whether one after the other would have been told the same, and would have left the same rows.

    Who was answered before another one was sent comes before it. Who lost a race changed nothing.
    """
    effective = [told for told in history if told.code != LOST_RACE]
    return _is_explained(scene.model, effective, await stored_rows(scene.builder))


def _is_explained(model: Model, history: Sequence[Told], rows: Any) -> bool:
    if not history:
        return bool(expected_rows(model) == rows)
    return any(
        _leads_there(model, first, history, rows) for first in history if _may_be_first(first, history)
    )


def _may_be_first(first: Told, history: Sequence[Told]) -> bool:
    return all(first.sent_at < other.answered_at for other in history)


def _leads_there(model: Model, first: Told, history: Sequence[Told], rows: Any) -> bool:
    tried = deepcopy(model)
    if first.move.foretold(tried, first.outcome) != first.code:
        return False
    return _is_explained(tried, [each for each in history if each is not first], rows)
