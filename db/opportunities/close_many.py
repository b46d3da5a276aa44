"""Closing many opportunities alike: all or none, or those that can be closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from db.domain.caller import Caller
from db.domain.closing_details import CLOSED_ON_BEFORE_CREATION
from db.domain.enums import OpportunityState
from db.domain.errors import (
    NotFound,
    OpportunitiesNotClosable,
    OpportunityFailure,
    Refusal,
    RuleViolation,
)
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_opportunities
from db.guards.preconditions import OPPORTUNITY_ID
from db.opportunities.close import (
    ClosedOpportunity,
    CloseOpportunity,
    CloseRemainingQuotes,
    close_one,
    closing_within_limits,
)
from db.sql.database import Transaction

MAX_OPPORTUNITIES = 100
"""How many opportunities one call closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOpportunities:
    """How to close which opportunities: each as ``close_opportunity`` does, with the same details.

    With ``close_others`` an opportunity that can't be closed doesn't keep the others from it.
    """

    opportunity_ids: tuple[UUID, ...]
    outcome: OpportunityState
    status_reason_id: UUID | None = None
    competitor_id: UUID | None = None
    closed_on: date | None = None
    description: str | None = None
    close_quotes: CloseRemainingQuotes | None = None
    close_others: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ClosedOpportunities:
    """The opportunities that were closed, and why each other one was not."""

    closed: tuple[ClosedOpportunity, ...]
    failures: tuple[OpportunityFailure, ...]


async def close_opportunities(
    transaction: Transaction, caller: Caller, closing: CloseOpportunities
) -> ClosedOpportunities:
    """Close up to ``MAX_OPPORTUNITIES`` opportunities; one that is named twice counts once.

    Raises:
        OpportunitiesNotClosable: some can't be closed, and ``close_others`` was not sent.
        NotFound: the caller's organization has no such competitor.
        InvalidStatusReason: the reason isn't one of the outcome's, or is retired.
        RuleViolation: any other rule about what was sent; the code says which.
    """
    _check_number(len(set(closing.opportunity_ids)))
    return await _CLOSE_OPPORTUNITIES.run(
        transaction, caller, closing, lambda: _close(transaction, caller, closing)
    )


def _check_number(opportunities: int) -> None:
    path = ("input", "opportunityIds")
    if opportunities == 0:
        raise RuleViolation(
            "NO_OPPORTUNITIES", "No opportunity was named. Send the id of at least one.", path
        )
    if opportunities > MAX_OPPORTUNITIES:
        raise RuleViolation(
            "TOO_MANY_OPPORTUNITIES",
            f"{opportunities:,} opportunities were named; the limit is {MAX_OPPORTUNITIES}. Close them in"
            " several calls.",
            path,
        )


async def _close(
    transaction: Transaction, caller: Caller, closing: CloseOpportunities
) -> ClosedOpportunities:
    await lock_opportunities(transaction, caller, closing.opportunity_ids)
    closed: list[ClosedOpportunity] = []
    failures: list[OpportunityFailure] = []
    for each in _each(closing):
        try:
            closed.append(await close_one(transaction, caller, each))
        except Refusal as refusal:
            failures.append(_failure(closing, each, refusal))
    if failures and not closing.close_others:
        raise OpportunitiesNotClosable(failures)
    return ClosedOpportunities(tuple(closed), tuple(failures))


def _each(closing: CloseOpportunities) -> Sequence[CloseOpportunity]:
    details: dict[str, Any] = {name: getattr(closing, name) for name in _DETAILS}
    return [
        closing_within_limits(CloseOpportunity(opportunity_id=opportunity_id, **details))
        for opportunity_id in dict.fromkeys(closing.opportunity_ids)
    ]


def _failure(closing: CloseOpportunities, each: CloseOpportunity, refusal: Refusal) -> OpportunityFailure:
    """Return why one opportunity can't be closed; what keeps all of them from it is raised again."""
    if refusal.path != OPPORTUNITY_ID and refusal.code != CLOSED_ON_BEFORE_CREATION:
        raise refusal
    path = ("input", "opportunityIds", str(closing.opportunity_ids.index(each.opportunity_id)))
    shown = None if isinstance(refusal, NotFound) else each.opportunity_id
    return OpportunityFailure(shown, refusal.code, refusal.message, path)


_CLOSE_OPPORTUNITIES = IdempotentOperation("closeOpportunities", ClosedOpportunities)
_DETAILS = ("outcome", "status_reason_id", "competitor_id", "closed_on", "description", "close_quotes")
