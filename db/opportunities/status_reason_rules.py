"""The rules about the status reason of a closing."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from db.domain.enums import OpportunityState, SeededReason
from db.domain.errors import InvalidStatusReason
from db.domain.validation import Problems


class StatusReasonRow(NamedTuple):
    """A status reason of the organization."""

    id: UUID
    state: str
    label: str
    description_required: bool
    competitor_required: bool
    retired_at: datetime | None


def default_reason(outcome: OpportunityState, competitor_id: UUID | None) -> SeededReason:
    """Return the status reason of a closing that sends none."""
    if outcome == OpportunityState.WON:
        return SeededReason.WON
    return SeededReason.CANCELED if competitor_id is None else SeededReason.OUT_SOLD


def require_reason(reason: StatusReasonRow | None, outcome: OpportunityState) -> StatusReasonRow:
    """Return the status reason if it is allowed for the outcome.

    Raises:
        InvalidStatusReason: it does not exist, belongs to another state, or is retired.
    """
    if reason is None:
        raise InvalidStatusReason(outcome, "There is no such status reason.")
    if reason.state != outcome:
        raise InvalidStatusReason(
            outcome, f'The status reason "{reason.label}" is for {reason.state.lower()} opportunities.'
        )
    if reason.retired_at is not None:
        raise InvalidStatusReason(outcome, f'The status reason "{reason.label}" is retired.')
    return reason


def validate_required_details(
    problems: Problems,
    reason: StatusReasonRow,
    outcome: OpportunityState,
    description: str | None,
    competitor_id: UUID | None,
) -> None:
    """Check that a closing has the details that its status reason requires; a win has no competitor."""
    if reason.description_required and description is None:
        problems.add(
            "DESCRIPTION_REQUIRED",
            f'The status reason "{reason.label}" requires a description. Send one.',
            ("input", "description"),
        )
    if reason.competitor_required and competitor_id is None and outcome == OpportunityState.LOST:
        problems.add(
            "COMPETITOR_REQUIRED",
            f'The status reason "{reason.label}" requires a competitor. Send who won the deal instead.',
            ("input", "outcome", "lost", "competitorId"),
        )
