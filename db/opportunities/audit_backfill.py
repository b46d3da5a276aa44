"""Reconstruct the audit log of an imported or sample opportunity from its rows.

All changes count as made by its owner. No row says when a quote was activated or an opportunity reopened. A
quote therefore counts as activated when it was created, an opportunity as reopened one day after its closing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TypeVar
from uuid import UUID

from sqlmodel import SQLModel

from db import models
from db.audit.log import AuditAction, AuditEntry, diff_created
from db.domain.caller import Caller, Role
from db.domain.enums import ActivityState, OpportunityState, QuoteState, QuoteStatusReason
from db.lines.line import audit_values

ASSUMED_REOPEN_DELAY = timedelta(days=1)
"""The time from the closing of an opportunity to its reopening."""

Row = TypeVar("Row", bound=SQLModel)
DatedEntry = tuple[datetime, AuditEntry]

_END_ACTIONS: dict[str, AuditAction] = {
    QuoteStatusReason.WON: AuditAction.QUOTE_WON,
    QuoteStatusReason.REVISED: AuditAction.QUOTE_REVISED,
}
_OPPORTUNITY_COLUMNS = (
    "name",
    "description",
    "account_id",
    "owner_id",
    "contracting_unit_id",
    "currency_code",
    "estimated_revenue",
    "estimated_close_date",
)
_QUOTE_COLUMNS = ("number", "revision", "name", "effective_from", "effective_to", "total")
_CONTRACT_COLUMNS = ("name", "state", "total", "quote_id")


def reconstruct_audit(rows: Sequence[SQLModel], open_reason_id: UUID) -> list[tuple[Caller, AuditEntry]]:
    """Return the audit entries of one opportunity, oldest first, each with the caller who made the change.

    ``rows`` are the opportunity and all rows that belong to it. ``open_reason_id`` is the status reason that
    it had before it was closed.
    """
    [opportunity] = _rows_of(models.Opportunity, rows)
    entries = [_opportunity_created(opportunity, open_reason_id)]
    for quote in _rows_of(models.Quote, rows):
        entries += _quote_entries(quote, rows)
    for close in _rows_of(models.OpportunityClose, rows):
        entries += _closing_entries(close, open_reason_id)
    return [
        (Caller(opportunity.organization_id, opportunity.owner_id, Role.SALES, at), entry)
        for at, entry in sorted(entries, key=itemgetter(0))
    ]


def _rows_of(model: type[Row], rows: Sequence[SQLModel]) -> list[Row]:
    return [row for row in rows if isinstance(row, model)]


def _opportunity_created(opportunity: models.Opportunity, open_reason_id: UUID) -> DatedEntry:
    is_open = opportunity.state == OpportunityState.OPEN
    values = {name: getattr(opportunity, name) for name in _OPPORTUNITY_COLUMNS} | {
        "state": OpportunityState.OPEN,
        "status_reason_id": opportunity.status_reason_id if is_open else open_reason_id,
    }
    entry = AuditEntry(AuditAction.OPPORTUNITY_CREATED, opportunity.id, opportunity.id, diff_created(values))
    return opportunity.created_at, entry


def _closing_entries(close: models.OpportunityClose, open_reason_id: UUID) -> Iterator[DatedEntry]:
    closed: Mapping[str, tuple[object, object]] = {
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
        reopened_at = close.created_at + ASSUMED_REOPEN_DELAY
        yield reopened_at, AuditEntry(AuditAction.OPPORTUNITY_REOPENED, id_, id_, reopened)


def _quote_entries(quote: models.Quote, rows: Sequence[SQLModel]) -> Iterator[DatedEntry]:
    def entry(action: AuditAction, values: Mapping[str, tuple[object, object]]) -> AuditEntry:
        return AuditEntry(action, quote.id, quote.opportunity_id, values)

    lines = audit_values(line for line in _rows_of(models.QuoteLine, rows) if line.quote_id == quote.id)
    values = {name: getattr(quote, name) for name in _QUOTE_COLUMNS} | lines
    draft_reason = QuoteStatusReason.DRAFT_IN_PROGRESS
    created = diff_created(values | {"state": QuoteState.DRAFT, "status_reason": draft_reason})
    yield quote.created_at, entry(AuditAction.QUOTE_CREATED, created)
    if quote.state == QuoteState.DRAFT:
        return
    is_active = quote.state == QuoteState.ACTIVE
    active_reason = quote.status_reason if is_active else QuoteStatusReason.ACTIVE_IN_PROGRESS
    activated = {
        "state": (QuoteState.DRAFT, QuoteState.ACTIVE),
        "status_reason": (draft_reason, active_reason),
    }
    yield quote.created_at, entry(AuditAction.QUOTE_ACTIVATED, activated)
    for close in _rows_of(models.QuoteClose, rows):
        if close.quote_id == quote.id:
            ended = {
                "state": (QuoteState.ACTIVE, quote.state),
                "status_reason": (active_reason, quote.status_reason),
                "closed_on": (None, close.closed_on),
            }
            action = _END_ACTIONS.get(quote.status_reason, AuditAction.QUOTE_CLOSED)
            yield close.created_at, entry(action, ended)
    for contract in _rows_of(models.ProjectContract, rows):
        if contract.quote_id == quote.id:
            contract_values = {name: getattr(contract, name) for name in _CONTRACT_COLUMNS} | lines
            yield (
                contract.created_at,
                AuditEntry(
                    AuditAction.PROJECT_CONTRACT_CREATED,
                    contract.id,
                    contract.opportunity_id,
                    diff_created(contract_values),
                ),
            )
