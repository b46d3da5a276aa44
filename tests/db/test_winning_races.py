"""Winning at the same time as everything that gets in its way: one won quote, one contract, nothing torn."""

import random
from collections.abc import Awaitable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import case, func, or_, select, text, true

from db import models
from db.activating import activate_quote
from db.closing import OpportunityClosing, close_opportunity
from db.database import Database, Transaction
from db.errors import Refusal
from db.quotes import OneQuote
from db.quoting import QuotesClosing, close_quotes
from db.revising import revise_quote
from db.statements import Statement
from db.states import OpportunityState, QuoteState
from db.winning import QuoteWinning, QuoteWon, win_quote
from tests.builders import Deals
from tests.db.racing import Act, opened, race
from tests.db.test_races import badly_closed


@pytest.mark.parametrize("rounds", [100, pytest.param(2_000, marks=pytest.mark.long)])
async def test_no_race_leaves_two_won_quotes_or_a_win_without_its_contract(
    database_url: str, rounds: int
) -> None:
    async with opened(database_url) as databases:
        deals = await Deals.create(databases[0])
        acts = [act for _ in range(rounds) for act in await acts_on_a_deal(deals)]

        answers = await race(deals, [database.write for database in databases], acts)

        assert await badly_closed(deals) == []
        assert await badly_won(deals) == []
        wins = {answer.project_contract_id for answer in answers if isinstance(answer, QuoteWon)}
        assert set(await ids(deals, _CONTRACTS)) == wins
        assert await badly_ended(deals) == []
        assert await badly_revised(deals) == []
        assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {
            "ACTIVE_QUOTES",
            "OPPORTUNITY_CLOSED",
            "QUOTE_NOT_ACTIVE",
            "QUOTE_NOT_DRAFT",
            "QUOTE_NOT_REVISABLE",
            "QUOTES_NOT_CLOSABLE",
        }


async def test_the_checks_find_what_is_bad(database: Database) -> None:
    deals = await Deals.create(database)
    opportunity_id = await deals.opportunity()
    without_contract = await deals.quote(opportunity_id, state=QuoteState.WON)
    assert await badly_won(deals) == [opportunity_id]
    assert await badly_ended(deals) == []
    live = [await deals.quote(opportunity_id, number="QUO-9", revision=revision) for revision in (0, 1)]
    assert sorted(await badly_revised(deals)) == sorted(live)
    async with database.transaction() as transaction:
        await transaction.rows(Statement(text("UPDATE quote_close SET reason = 'LOST'")))
    assert await badly_ended(deals) == [without_contract]


async def acts_on_a_deal(deals: Deals) -> list[Act]:
    """Return six acts on a new opportunity with two active quotes and a draft."""
    opportunity_id = await deals.opportunity()
    active = [await deals.quote(opportunity_id, state=QuoteState.ACTIVE) for _ in range(2)]
    draft = await deals.quote(opportunity_id)
    acts: list[Act] = [
        *(partial(winning, deals, each) for each in active),
        partial(activating, deals, draft),
        partial(revising, deals, active[0]),
        partial(closing_quotes, deals, (active[1], draft)),
        partial(closing, deals, opportunity_id),
    ]
    random.shuffle(acts)
    return acts


def winning(deals: Deals, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return win_quote(transaction, deals.caller, QuoteWinning(quote_id=quote_id))


def activating(deals: Deals, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return activate_quote(transaction, deals.caller, OneQuote(quote_id=quote_id))


def revising(deals: Deals, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return revise_quote(transaction, deals.caller, OneQuote(quote_id=quote_id))


def closing_quotes(deals: Deals, ids: tuple[UUID, ...], transaction: Transaction) -> Awaitable[object]:
    return close_quotes(transaction, deals.caller, QuotesClosing(ids=ids))


def closing(deals: Deals, opportunity_id: UUID, transaction: Transaction) -> Awaitable[object]:
    sent = OpportunityClosing(opportunity_id=opportunity_id, outcome=OpportunityState.WON)
    return close_opportunity(transaction, deals.caller, sent)


async def ids(deals: Deals, statement: Statement) -> list[UUID]:
    async with deals.database.transaction() as transaction:
        return [row.id for row in await transaction.rows(statement)]


async def badly_won(deals: Deals) -> list[UUID]:
    """Return the opportunities with several won quotes, or with contracts of other quotes than that."""
    return await ids(deals, _BADLY_WON)


async def badly_ended(deals: Deals) -> list[UUID]:
    """Return the quotes whose close activity does not say why they are in their state."""
    return await ids(deals, _BADLY_ENDED)


async def badly_revised(deals: Deals) -> list[UUID]:
    """Return the drafts and active quotes that share their number with another one."""
    return await ids(deals, _BADLY_REVISED)


_opportunity = models.Opportunity.__table__.c  # type: ignore[attr-defined]
_quote = models.Quote.__table__.c  # type: ignore[attr-defined]
_other = models.Quote.__table__.alias().c  # type: ignore[attr-defined]
_activity = models.QuoteClose.__table__.c  # type: ignore[attr-defined]
_contract = models.ProjectContract.__table__.c  # type: ignore[attr-defined]
_line = models.ProjectContractLine.__table__.c  # type: ignore[attr-defined]

_of_opportunity = (
    _quote.organization_id == _opportunity.organization_id,
    _quote.opportunity_id == _opportunity.id,
    _quote.state == QuoteState.WON,
)
_won = select(func.count()).where(*_of_opportunity).scalar_subquery()
_lines = (
    select(func.sum(_line.total))
    .where(_line.organization_id == _contract.organization_id, _line.project_contract_id == _contract.id)
    .scalar_subquery()
)
_contracts = (
    select(func.count())
    .where(
        *_of_opportunity,
        _contract.organization_id == _quote.organization_id,
        _contract.quote_id == _quote.id,
        _contract.total == _quote.total,
        _contract.total == _lines,
    )
    .scalar_subquery()
)
_all_contracts = (
    select(func.count())
    .where(
        _contract.organization_id == _opportunity.organization_id,
        _contract.opportunity_id == _opportunity.id,
    )
    .scalar_subquery()
)
_BADLY_WON = Statement(
    select(_opportunity.id).where((_won > 1) | (_won != _contracts) | (_won != _all_contracts))
)
_CONTRACTS = Statement(select(_contract.id))

_reason = (
    select(_activity.reason)
    .where(_activity.organization_id == _quote.organization_id, _activity.quote_id == _quote.id)
    .scalar_subquery()
)
_is_ended = or_(_quote.state == QuoteState.WON, _quote.state == QuoteState.CLOSED)
_BADLY_ENDED = Statement(
    select(_quote.id).where(
        case(
            (_is_ended, func.coalesce(_reason != _quote.status_reason, true())),
            else_=_reason.is_not(None),
        )
    )
)


def _is_live(quote: Any) -> Any:
    return or_(quote.state == QuoteState.DRAFT, quote.state == QuoteState.ACTIVE)


_BADLY_REVISED = Statement(
    select(_quote.id).where(
        _is_live(_quote),
        select(_other.id)
        .where(
            _other.organization_id == _quote.organization_id,
            _other.number == _quote.number,
            _other.id != _quote.id,
            _is_live(_other),
        )
        .exists(),
    )
)
