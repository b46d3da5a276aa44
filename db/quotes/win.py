"""Winning a quote: the opportunity's other offers are lost, and a draft contract is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import AuditAction, EventKind, record_change
from db.contracts.create import create_contract
from db.domain.caller import Caller
from db.domain.closing_details import validate_closing_date_since, validate_description
from db.domain.enums import QuoteCloseReason, QuoteState, QuoteStatusReason
from db.domain.errors import RuleViolation
from db.guards.idempotency import IdempotentOperation
from db.guards.locking import lock_quote
from db.guards.preconditions import check_quote_state, check_version
from db.lines.rows import read_lines
from db.quotes.close_activities import (
    QuoteCloseDetails,
    close_quotes_with_activities,
    close_with_activity,
    with_closing_date,
)
from db.quotes.transitions import QUOTE_ID, Transition, quote_label
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WinQuote:
    """Which quote the customer accepted. ``closed_on`` is today (UTC) unless sent."""

    quote_id: UUID
    closed_on: date | None = None
    description: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class WonQuote:
    """A won quote, the draft contract made of it, and the quotes that were closed as lost."""

    quote_id: UUID
    project_contract_id: UUID
    closed_quote_ids: tuple[UUID, ...]


async def win_quote(transaction: Transaction, caller: Caller, winning: WinQuote) -> WonQuote:
    """Win an active quote. Its opportunity stays open until it is closed by hand.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: it is not at the expected version.
        RuleViolation: it is not active, another quote of the opportunity is won; or another rule about what
            was sent, and the code says which.
    """
    description = validate_description(winning.description, ("input", "description"))
    winning = replace(winning, description=description)
    return await _WIN_QUOTE.run(transaction, caller, winning, lambda: _win(transaction, caller, winning))


async def _win(transaction: Transaction, caller: Caller, winning: WinQuote) -> WonQuote:
    quote, opportunity = await lock_quote(transaction, caller, winning.quote_id, QUOTE_ID)
    # An active quote is one of an open opportunity: the database stores no other.
    why = "only an active quote can be won. A draft can be activated."
    check_quote_state(quote, {QuoteState.ACTIVE}, "QUOTE_NOT_ACTIVE", why)
    check_version("quote", quote, winning.expected_version)
    day = validate_closing_date_since(caller, winning.closed_on, quote_label(quote), quote.created_at.date())
    others = await _others(transaction, caller, quote)
    lines = await read_lines(transaction, caller, quote.id)
    lost = await close_quotes_with_activities(
        transaction, caller, with_closing_date(others, day), QuoteCloseReason.LOST, None
    )
    won = await close_with_activity(
        transaction, caller, quote, _VICTORY, QuoteCloseDetails(day, winning.description)
    )
    contract = await create_contract(transaction, caller, quote, lines)
    await record_change(transaction, caller, [*lost, won, contract], EventKind.QUOTE_WON, [opportunity.id])
    return WonQuote(quote.id, contract.subject_id, tuple(change.subject_id for change in lost))


async def _others(transaction: Transaction, caller: Caller, quote: Any) -> Sequence[Any]:
    """Return the active and draft quotes beside this one."""
    key = {"organization_id": caller.organization_id, "opportunity_id": quote.opportunity_id}
    others = [each for each in await transaction.rows(_NOT_CLOSED, **key) if each.id != quote.id]
    for each in others:
        if each.state == QuoteState.WON:
            raise RuleViolation(
                "ANOTHER_QUOTE_WON",
                f"{quote_label(each)} of the same opportunity is won already; only one can be.",
                QUOTE_ID,
            )
    return others


_WIN_QUOTE = IdempotentOperation("winQuote", WonQuote)
_VICTORY = Transition(AuditAction.QUOTE_WON, QuoteState.WON, QuoteStatusReason.WON)

_quote = table_of(models.Quote).c

_NOT_CLOSED = Statement(
    select(
        _quote.id,
        _quote.opportunity_id,
        _quote.number,
        _quote.revision,
        _quote.state,
        _quote.status_reason,
        _quote.created_at,
    )
    .where(
        _quote.organization_id == bindparam("organization_id"),
        _quote.opportunity_id == bindparam("opportunity_id"),
        _quote.state != QuoteState.CLOSED,
    )
    .order_by(_quote.number, _quote.revision)
)
