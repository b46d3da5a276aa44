"""Which status reasons a closing may have: its outcome's, not retired, with what they require."""

from typing import Any
from uuid import UUID

from db.domain.enums import OpportunityState, SeededReason
from db.domain.errors import InvalidStatusReason, RuleViolation


def default_reason(outcome: OpportunityState, competitor_id: UUID | None) -> SeededReason:
    """Return the reason of a closing that names none."""
    if outcome == OpportunityState.WON:
        return SeededReason.WON
    return SeededReason.CANCELED if competitor_id is None else SeededReason.OUT_SOLD


def check_reason(reason: Any, outcome: OpportunityState) -> None:
    """Check the row of a reason, or None where there is no such reason.

    Raises:
        InvalidStatusReason: there is none, it belongs to another state, or it is retired.
    """
    if reason is None:
        raise InvalidStatusReason(outcome, "There is no such status reason.")
    if reason.reason_state != outcome:
        raise InvalidStatusReason(
            outcome, f'The status reason "{reason.label}" is for {reason.reason_state.lower()} opportunities.'
        )
    if reason.retired_at is not None:
        raise InvalidStatusReason(outcome, f'The status reason "{reason.label}" is retired.')


def check_required(
    reason: Any, outcome: OpportunityState, description: str | None, competitor_id: UUID | None
) -> None:
    """Check that a closing has what its reason requires; a win has no competitor, so none is required.

    Raises:
        RuleViolation: the description or the competitor is missing.
    """
    if reason.description_required and description is None:
        raise RuleViolation(
            "DESCRIPTION_REQUIRED",
            f'The status reason "{reason.label}" requires a description. Send one.',
            ("input", "description"),
        )
    if reason.competitor_required and competitor_id is None and outcome == OpportunityState.LOST:
        raise RuleViolation(
            "COMPETITOR_REQUIRED",
            f'The status reason "{reason.label}" requires a competitor. Send who won the deal instead.',
            ("input", "outcome", "lost", "competitorId"),
        )
