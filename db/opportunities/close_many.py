"""Close several opportunities with the same details: all or none, or those that can be closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from db.domain.caller import Caller
from db.domain.enums import OpportunityState
from db.domain.errors import (
    NotFound,
    OpportunitiesNotClosable,
    OpportunityFailure,
    Path,
    Refusal,
    RuleViolation,
)
from db.domain.validation import CLOSED_ON_BEFORE_CREATION
from db.guards.idempotency import idempotent
from db.guards.locking import lock_opportunities
from db.guards.preconditions import OPPORTUNITY_ID
from db.opportunities.close import (
    ClosedOpportunity,
    CloseOpportunity,
    CloseRemainingQuotes,
    ClosingContext,
    ClosingDecision,
    apply_closing,
    decide_closing,
    load_closing_context,
)
from db.sql.database import Transaction

MAX_OPPORTUNITIES = 100
"""The number of opportunities that one command can close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOpportunities:
    """Close opportunities as ``CloseOpportunity`` does, all with the same details.

    With ``close_others``, opportunities that can be closed are closed even if others cannot.
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

    def commands(self) -> list[CloseOpportunity]:
        """Return one command per opportunity; an opportunity that is sent twice counts once."""
        return [
            CloseOpportunity(
                opportunity_id=opportunity_id,
                outcome=self.outcome,
                status_reason_id=self.status_reason_id,
                competitor_id=self.competitor_id,
                closed_on=self.closed_on,
                description=self.description,
                close_quotes=self.close_quotes,
            )
            for opportunity_id in dict.fromkeys(self.opportunity_ids)
        ]


@dataclass(frozen=True, slots=True)
class ClosedOpportunities:
    """The opportunities that were closed, and the failures of the others."""

    closed: tuple[ClosedOpportunity, ...]
    failures: tuple[OpportunityFailure, ...]


@dataclass(frozen=True, slots=True)
class CloseOpportunitiesDecision:
    """The closings, and the failures of the other opportunities."""

    closings: tuple[ClosingDecision, ...]
    failures: tuple[OpportunityFailure, ...]


_OPPORTUNITY_IDS: Path = ("input", "opportunityIds")


@idempotent("closeOpportunities")
async def close_opportunities(
    transaction: Transaction, caller: Caller, command: CloseOpportunities
) -> ClosedOpportunities:
    """Close up to ``MAX_OPPORTUNITIES`` opportunities.

    Raises:
        OpportunitiesNotClosable: some cannot be closed, and ``close_others`` was not sent.
        NotFound: the caller's organization has no such competitor.
        InvalidStatusReason: the status reason is unknown, retired, or belongs to another outcome.
        RuleViolation: another rule rejects the command; the code names it.
    """
    check_number_of_opportunities(command)
    await lock_opportunities(transaction, caller, command.opportunity_ids)
    contexts = [await load_closing_context(transaction, caller, each) for each in command.commands()]
    decision = decide_closings(contexts, command, caller)
    closed = [await apply_closing(transaction, caller, each) for each in decision.closings]
    return ClosedOpportunities(tuple(closed), decision.failures)


def check_number_of_opportunities(command: CloseOpportunities) -> None:
    """Check, before they are loaded, that not too many opportunities are sent.

    Raises:
        RuleViolation: no opportunity is sent, or more than ``MAX_OPPORTUNITIES``.
    """
    number = len(set(command.opportunity_ids))
    if number == 0:
        message = "No opportunity was named. Send the id of at least one."
        raise RuleViolation("NO_OPPORTUNITIES", message, _OPPORTUNITY_IDS)
    if number > MAX_OPPORTUNITIES:
        raise RuleViolation(
            "TOO_MANY_OPPORTUNITIES",
            f"{number:,} opportunities were named; the limit is {MAX_OPPORTUNITIES}. Close them in several"
            " calls.",
            _OPPORTUNITY_IDS,
        )


def decide_closings(
    contexts: Sequence[ClosingContext], command: CloseOpportunities, caller: Caller
) -> CloseOpportunitiesDecision:
    """Return which opportunities are closed; raises as ``close_opportunities`` does."""
    closings: list[ClosingDecision] = []
    failures: list[OpportunityFailure] = []
    for context, each in zip(contexts, command.commands(), strict=True):
        try:
            closings.append(decide_closing(context, each, caller))
        except Refusal as refusal:
            if refusal.path != OPPORTUNITY_ID and refusal.code != CLOSED_ON_BEFORE_CREATION:
                raise  # it is about details that all opportunities share
            path = (*_OPPORTUNITY_IDS, str(command.opportunity_ids.index(each.opportunity_id)))
            shown = None if isinstance(refusal, NotFound) else each.opportunity_id
            failures.append(OpportunityFailure(shown, refusal.code, refusal.message, path))
    if failures and not command.close_others:
        raise OpportunitiesNotClosable(failures)
    return CloseOpportunitiesDecision(tuple(closings), tuple(failures))
