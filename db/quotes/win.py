"""Win a quote: its opportunity's other quotes are closed as lost, and a draft contract is created."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import AuditAction, EventKind, record_change
from db.contracts.create import create_contract
from db.domain.caller import Caller
from db.domain.enums import QuoteCloseReason, QuoteState, QuoteStatusReason
from db.domain.errors import RuleViolation
from db.domain.validation import (
    Problems,
    closed_before_creation,
    validate_closing_date,
    validate_description,
)
from db.guards.idempotency import idempotent
from db.guards.locking import LockedQuote, QuoteRow, lock_quote
from db.guards.preconditions import QUOTE_ID, REVISE, check_quote_state, check_version, require_found
from db.lines.line import Line
from db.lines.storage import read_lines
from db.quotes.transitions import QuoteTransition, apply_transitions, close_along
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WinQuote:
    """Win a quote that the customer accepted; ``closed_on`` defaults to today (UTC)."""

    quote_id: UUID
    closed_on: date | None = None
    description: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class WonQuote:
    """The won quote, its draft contract, and the quotes that were closed as lost."""

    quote_id: UUID
    project_contract_id: UUID
    closed_quote_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class WinContext:
    """What winning a quote depends on: the quote, its lines, and the unclosed quotes of the opportunity."""

    locked: LockedQuote
    lines: tuple[Line, ...]
    unclosed_quotes: tuple[QuoteRow, ...]


@dataclass(frozen=True, slots=True)
class WinDecision:
    """The transitions of the won quote and of the lost ones, and the lines of the contract."""

    won: QuoteTransition
    lost: tuple[QuoteTransition, ...]
    lines: tuple[Line, ...]


_quote = table_of(models.Quote).c

_READ_UNCLOSED_QUOTES = Statement(
    select(*(_quote[name] for name in QuoteRow._fields))
    .where(
        _quote.organization_id == bindparam("organization_id"),
        _quote.opportunity_id == bindparam("opportunity_id"),
        _quote.state != QuoteState.CLOSED,
    )
    .order_by(_quote.number, _quote.revision),
    QuoteRow,
)


_ADVICE = {QuoteState.DRAFT: "activate it first", QuoteState.CLOSED: REVISE}


@idempotent("winQuote")
async def win_quote(transaction: Transaction, caller: Caller, command: WinQuote) -> WonQuote:
    """Win an active quote; its opportunity stays open.

    Raises:
        NotFound: the caller's organization has no such quote.
        StaleVersion: the quote does not have the expected version.
        RuleViolation: the quote is not active, or another quote of the opportunity is won; or another rule
            rejects the command, and the code names it.
    """
    context = await load_win_context(transaction, caller, command)
    decision = decide_win(context, command, caller)
    return await apply_win(transaction, caller, decision)


async def load_win_context(transaction: Transaction, caller: Caller, command: WinQuote) -> WinContext | None:
    """Lock the opportunity; load quote, lines and other quotes, or None if there is no such quote."""
    locked = await lock_quote(transaction, caller, command.quote_id)
    if locked is None:
        return None
    quotes = await transaction.rows(
        _READ_UNCLOSED_QUOTES,
        organization_id=caller.organization_id,
        opportunity_id=locked.opportunity.id,
    )
    lines = await read_lines(transaction, caller, command.quote_id)
    return WinContext(locked, tuple(lines), tuple(quotes))


def decide_win(context: WinContext | None, command: WinQuote, caller: Caller) -> WinDecision:
    """Return what winning the quote changes; raises as ``win_quote`` does."""
    problems = Problems()
    description = validate_description(problems, command.description, ("input", "description"))
    problems.raise_first()
    context = require_found(context, "quote", QUOTE_ID)
    quote = context.locked.quote
    # The opportunity is open: the database does not store an active quote under a closed one.
    requirement = "only an active quote can be won"
    check_quote_state(context.locked, {QuoteState.ACTIVE}, "QUOTE_NOT_ACTIVE", requirement, _ADVICE)
    check_version("quote", quote, command.expected_version)
    closed_on = validate_closing_date(problems, caller, command.closed_on)
    created_on = quote.created_at.date()
    if closed_on < created_on:
        problems.add_refusal(closed_before_creation(quote.label, created_on, closed_on))
    problems.raise_first()
    others = [each for each in context.unclosed_quotes if each.id != quote.id]
    for each in others:
        if each.state == QuoteState.WON:
            raise RuleViolation(
                "ANOTHER_QUOTE_WON",
                f"{each.label} of the same opportunity is won already; only one can be.",
                QUOTE_ID,
            )
    won = QuoteTransition(
        quote, AuditAction.QUOTE_WON, QuoteState.WON, QuoteStatusReason.WON, closed_on, description
    )
    return WinDecision(won, close_along(others, QuoteCloseReason.LOST, closed_on), context.lines)


async def apply_win(transaction: Transaction, caller: Caller, decision: WinDecision) -> WonQuote:
    """Write the won and the lost quotes and the contract, an audit entry for each, and an event."""
    quote = decision.won.quote
    lost = await apply_transitions(transaction, caller, decision.lost)
    won = await apply_transitions(transaction, caller, [decision.won])
    contract = await create_contract(transaction, caller, quote, decision.lines)
    await record_change(
        transaction, caller, [*lost, *won, contract], EventKind.QUOTE_WON, [quote.opportunity_id]
    )
    return WonQuote(quote.id, contract.subject_id, tuple(each.quote.id for each in decision.lost))
