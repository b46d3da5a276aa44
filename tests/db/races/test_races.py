"""Many at once on the same deal: whatever each of them is told, what is stored obeys the rules.

The same rounds without the guards go wrong, which shows that these rounds can.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Iterable
from functools import partial
from uuid import UUID

import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import Refusal
from db.opportunities.close import OpportunityClosed, OpportunityClosing, close_opportunity
from db.opportunities.reopen import OpportunityReopened, OpportunityReopening, reopen_opportunity
from db.quotes.activate import activate_quote
from db.quotes.close import QuotesClosing, close_quotes
from db.quotes.create import delete_draft
from db.quotes.revise import revise_quote
from db.quotes.transitions import OneQuote
from db.quotes.win import QuoteWinning, win_quote
from db.sql.database import Transaction
from tests.builders import Deals
from tests.db.invariants import badly_closed, badly_won
from tests.db.races.race import CODES, Act, opened, race
from tests.db.races.unguarded import remove_guards, write_unguarded

ROUNDS = 1_000
"""Ten acts each."""

ROUNDS_WITHOUT_GUARDS = 200
"""Five acts each."""


@pytest.mark.parametrize("times", [1, pytest.param(100, marks=pytest.mark.long)])
async def test_no_race_leaves_a_bad_state_or_closes_twice(database_url: str, times: int) -> None:
    async with opened(database_url) as databases:
        deals = await Deals.create(databases[0])
        for _ in range(times):
            acts = [act for _ in range(ROUNDS) for act in await all_acts_on_a_deal(deals)]
            answers = await race(deals, [database.write for database in databases], acts)

            assert closed_twice(answers) == []
            assert {answer.code for answer in answers if isinstance(answer, Refusal)} == CODES
        assert await badly_closed(deals) == []
        assert await badly_won(deals) == []


async def test_without_the_guards_more_than_a_tenth_of_the_rounds_go_wrong(database_url: str) -> None:
    await remove_guards(database_url)
    async with opened(database_url) as databases:
        deals = await Deals.create(databases[0])
        writes = [partial(write_unguarded, database) for database in databases]

        acts = [act for _ in range(ROUNDS_WITHOUT_GUARDS) for act in await acts_on_a_deal(deals)]
        answers = await race(deals, writes, acts)

        assert len(await badly_closed(deals)) > ROUNDS_WITHOUT_GUARDS / 10
        assert len(closed_twice(answers)) > ROUNDS_WITHOUT_GUARDS / 10


async def acts_on_a_deal(deals: Deals) -> list[Act]:
    """Return five acts on a new opportunity with two drafts; not all of them can succeed."""
    opportunity_id = await deals.opportunity()
    drafts = [await deals.quote(opportunity_id) for _ in range(2)]
    acts: list[Act] = [
        *(partial(activating, deals, draft) for draft in drafts),
        *(partial(closing, deals, opportunity_id, outcome) for outcome in ("WON", "LOST")),
        partial(closing_quotes, deals, opportunity_id),
    ]
    random.shuffle(acts)
    return acts


async def all_acts_on_a_deal(deals: Deals) -> list[Act]:
    """Return ten acts on a new opportunity with two drafts and an active quote."""
    opportunity_id = await deals.opportunity()
    drafts = [await deals.quote(opportunity_id) for _ in range(2)]
    active = await deals.quote(opportunity_id, state=QuoteState.ACTIVE)
    acts: list[Act] = [
        *(partial(activating, deals, draft) for draft in drafts),
        *(partial(closing, deals, opportunity_id, outcome) for outcome in ("WON", "LOST")),
        partial(closing_quotes, deals, opportunity_id),
        *(partial(reopening, deals, opportunity_id) for _ in range(2)),
        partial(winning, deals, active),
        partial(revising, deals, active),
        partial(deleting, deals, drafts[0]),
    ]
    random.shuffle(acts)
    return acts


def activating(deals: Deals, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return activate_quote(transaction, deals.caller, OneQuote(quote_id=quote_id))


def closing(deals: Deals, opportunity_id: UUID, outcome: str, transaction: Transaction) -> Awaitable[object]:
    sent = OpportunityClosing(opportunity_id=opportunity_id, outcome=OpportunityState(outcome))
    return close_opportunity(transaction, deals.caller, sent)


def closing_quotes(deals: Deals, opportunity_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return close_quotes(transaction, deals.caller, QuotesClosing(of_opportunity=opportunity_id))


def reopening(deals: Deals, opportunity_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return reopen_opportunity(transaction, deals.caller, OpportunityReopening(opportunity_id=opportunity_id))


def winning(deals: Deals, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return win_quote(transaction, deals.caller, QuoteWinning(quote_id=quote_id))


def revising(deals: Deals, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return revise_quote(transaction, deals.caller, OneQuote(quote_id=quote_id))


def deleting(deals: Deals, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return delete_draft(transaction, deals.caller, OneQuote(quote_id=quote_id))


def closed_twice(answers: Iterable[object]) -> list[UUID]:
    """Return the opportunities that were closed while they were closed."""
    closed: Counter[UUID] = Counter()
    for answer in answers:
        if isinstance(answer, OpportunityClosed):
            closed[answer.opportunity_id] += 1
        if isinstance(answer, OpportunityReopened):
            closed[answer.opportunity_id] -= 1
    return [opportunity_id for opportunity_id, times in closed.items() if times not in (0, 1)]
