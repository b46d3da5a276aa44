"""The history of a deal that was pursued elsewhere, or in the sample alone, as its rows tell it.

All of it counts as its owner's doing. No row says when a quote was activated, so it was when it was drafted,
nor when a deal was reopened, so it was a day after the closing that was canceled.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import SQLModel

from db import models
from db.audit.log import AuditAction, AuditEntry, diff_created
from db.domain.caller import Caller, Role
from db.domain.enums import ActivityState, OpportunityState, QuoteState, QuoteStatusReason
from db.lines.rows import audit_values

Row = TypeVar("Row", bound=SQLModel)
Past = tuple[datetime, AuditEntry]

ASSUMED_REOPEN_DELAY = timedelta(days=1)
"""How long after its closing a deal was reopened."""


def reconstruct_audit(rows: Sequence[SQLModel], open_reason_id: UUID) -> list[tuple[Caller, AuditEntry]]:
    """Return what was done to one deal, and by whom, from the first act to the last.

    ``rows`` are the opportunity and all that belongs to it, ``open_reason_id`` the status reason that it had
    before it was closed.
    """
    [opportunity] = _among(rows, models.Opportunity)
    acts = [
        _created(opportunity, open_reason_id),
        *(act for quote in _among(rows, models.Quote) for act in _of_quote(quote, rows)),
        *(act for close in _among(rows, models.OpportunityClose) for act in _of_close(close, open_reason_id)),
    ]
    organization_id, owner_id = opportunity.organization_id, opportunity.owner_id
    return [
        (Caller(organization_id, owner_id, Role.SALES, at), change)
        for at, change in sorted(acts, key=itemgetter(0))
    ]


def _among(rows: Sequence[SQLModel], model: type[Row]) -> list[Row]:
    return [row for row in rows if isinstance(row, model)]


def _created(opportunity: models.Opportunity, open_reason_id: UUID) -> Past:
    is_open = opportunity.state == OpportunityState.OPEN
    values = {name: getattr(opportunity, name) for name in _OF_OPPORTUNITY} | {
        "state": OpportunityState.OPEN,
        "status_reason_id": opportunity.status_reason_id if is_open else open_reason_id,
    }
    change = AuditEntry(AuditAction.OPPORTUNITY_CREATED, opportunity.id, opportunity.id, diff_created(values))
    return opportunity.created_at, change


def _of_close(close: models.OpportunityClose, open_reason_id: UUID) -> Iterator[Past]:
    closed: dict[str, tuple[Any, Any]] = {
        "state": (OpportunityState.OPEN, close.outcome),
        "status_reason_id": (open_reason_id, close.status_reason_id),
        "actual_revenue": (None, close.actual_revenue),
        "closed_on": (None, close.closed_on),
        "close_id": (None, close.id),
    }
    id_ = close.opportunity_id
    yield close.created_at, AuditEntry(AuditAction.OPPORTUNITY_CLOSED, id_, id_, closed)
    if close.state == ActivityState.CANCELED:
        reopened = {name: (after, before) for name, (before, after) in closed.items()}
        at = close.created_at + ASSUMED_REOPEN_DELAY
        yield at, AuditEntry(AuditAction.OPPORTUNITY_REOPENED, id_, id_, reopened)


def _of_quote(quote: models.Quote, rows: Sequence[SQLModel]) -> Iterator[Past]:
    lines = [line.model_dump() for line in _among(rows, models.QuoteLine) if line.quote_id == quote.id]
    values = {name: getattr(quote, name) for name in _OF_QUOTE} | audit_values(lines)
    draft = {"state": QuoteState.DRAFT, "status_reason": QuoteStatusReason.DRAFT_IN_PROGRESS}
    yield quote.created_at, _change(AuditAction.QUOTE_CREATED, quote, diff_created(values | draft))
    if quote.state == QuoteState.DRAFT:
        return
    is_active = quote.state == QuoteState.ACTIVE
    reason = quote.status_reason if is_active else QuoteStatusReason.ACTIVE_IN_PROGRESS
    active = {"state": QuoteState.ACTIVE, "status_reason": reason}
    yield quote.created_at, _change(AuditAction.QUOTE_ACTIVATED, quote, _step(draft, active))
    ended = {"state": quote.state, "status_reason": quote.status_reason}
    for close in _among(rows, models.QuoteClose):
        if close.quote_id == quote.id:
            closed_on = {"closed_on": (None, close.closed_on)}
            action = _ENDS.get(quote.status_reason, AuditAction.QUOTE_CLOSED)
            yield close.created_at, _change(action, quote, _step(active, ended) | closed_on)
    for contract in _among(rows, models.ProjectContract):
        if contract.quote_id == quote.id:
            yield contract.created_at, _contract_created(contract, lines)


def _contract_created(contract: models.ProjectContract, lines: Sequence[dict[str, Any]]) -> AuditEntry:
    values = {name: getattr(contract, name) for name in _OF_CONTRACT} | audit_values(lines)
    action = AuditAction.PROJECT_CONTRACT_CREATED
    return AuditEntry(action, contract.id, contract.opportunity_id, diff_created(values))


def _change(action: AuditAction, quote: models.Quote, values: dict[str, tuple[Any, Any]]) -> AuditEntry:
    return AuditEntry(action, quote.id, quote.opportunity_id, values)


def _step(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (before[name], after[name]) for name in after}


_ENDS: dict[str, AuditAction] = {
    QuoteStatusReason.WON: AuditAction.QUOTE_WON,
    QuoteStatusReason.REVISED: AuditAction.QUOTE_REVISED,
}
_OF_OPPORTUNITY = (
    "name",
    "description",
    "account_id",
    "owner_id",
    "contracting_unit_id",
    "currency_code",
    "estimated_revenue",
    "estimated_close_date",
)
_OF_QUOTE = ("number", "revision", "name", "effective_from", "effective_to", "total")
_OF_CONTRACT = ("name", "state", "total", "quote_id")
