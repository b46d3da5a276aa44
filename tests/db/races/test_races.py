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
from db.opportunities.close import ClosedOpportunity, CloseOpportunity, close_opportunity
from db.opportunities.reopen import ReopenedOpportunity, ReopenOpportunity, reopen_opportunity
from db.quotes.activate import activate_quote
from db.quotes.close import CloseQuotes, close_quotes
from db.quotes.delete import delete_draft_quote
from db.quotes.revise import revise_quote
from db.quotes.transitions import QuoteRef
from db.quotes.win import WinQuote, win_quote
from db.sql.database import Transaction
from tests.builders import OrganizationBuilder
from tests.db.invariants import invalid_closings, invalid_wins
from tests.db.races.race import EXPECTED_CODES, Operation, open_twice, run_concurrently
from tests.db.races.unguarded import drop_constraints, write_without_guards

ROUNDS = 1_000
"""Ten acts each."""

ROUNDS_WITHOUT_GUARDS = 200
"""Five acts each."""


@pytest.mark.parametrize("times", [1, pytest.param(100, marks=pytest.mark.long)])
async def test_no_race_leaves_a_bad_state_or_closes_twice(database_url: str, times: int) -> None:
    async with open_twice(database_url) as databases:
        builder = await OrganizationBuilder.create(databases[0])
        for _ in range(times):
            acts = [act for _ in range(ROUNDS) for act in await all_acts_on_a_deal(builder)]
            answers = await run_concurrently(builder, [database.write for database in databases], acts)

            assert closed_twice(answers) == []
            assert {answer.code for answer in answers if isinstance(answer, Refusal)} == EXPECTED_CODES
        assert await invalid_closings(builder) == []
        assert await invalid_wins(builder) == []


async def test_without_the_guards_more_than_a_tenth_of_the_rounds_go_wrong(database_url: str) -> None:
    await drop_constraints(database_url)
    async with open_twice(database_url) as databases:
        builder = await OrganizationBuilder.create(databases[0])
        writes = [partial(write_without_guards, database) for database in databases]

        acts = [act for _ in range(ROUNDS_WITHOUT_GUARDS) for act in await acts_on_a_deal(builder)]
        answers = await run_concurrently(builder, writes, acts)

        assert len(await invalid_closings(builder)) > ROUNDS_WITHOUT_GUARDS / 10
        assert len(closed_twice(answers)) > ROUNDS_WITHOUT_GUARDS / 10


async def acts_on_a_deal(builder: OrganizationBuilder) -> list[Operation]:
    """Return five acts on a new opportunity with two drafts; not all of them can succeed."""
    opportunity_id = await builder.opportunity()
    drafts = [await builder.quote(opportunity_id) for _ in range(2)]
    acts: list[Operation] = [
        *(partial(activating, builder, draft) for draft in drafts),
        *(partial(closing, builder, opportunity_id, outcome) for outcome in ("WON", "LOST")),
        partial(closing_quotes, builder, opportunity_id),
    ]
    random.shuffle(acts)
    return acts


async def all_acts_on_a_deal(builder: OrganizationBuilder) -> list[Operation]:
    """Return ten acts on a new opportunity with two drafts and an active quote."""
    opportunity_id = await builder.opportunity()
    drafts = [await builder.quote(opportunity_id) for _ in range(2)]
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    acts: list[Operation] = [
        *(partial(activating, builder, draft) for draft in drafts),
        *(partial(closing, builder, opportunity_id, outcome) for outcome in ("WON", "LOST")),
        partial(closing_quotes, builder, opportunity_id),
        *(partial(reopening, builder, opportunity_id) for _ in range(2)),
        partial(winning, builder, active),
        partial(revising, builder, active),
        partial(deleting, builder, drafts[0]),
    ]
    random.shuffle(acts)
    return acts


def activating(builder: OrganizationBuilder, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return activate_quote(transaction, builder.caller, QuoteRef(quote_id=quote_id))


def closing(
    builder: OrganizationBuilder, opportunity_id: UUID, outcome: str, transaction: Transaction
) -> Awaitable[object]:
    sent = CloseOpportunity(opportunity_id=opportunity_id, outcome=OpportunityState(outcome))
    return close_opportunity(transaction, builder.caller, sent)


def closing_quotes(
    builder: OrganizationBuilder, opportunity_id: UUID, transaction: Transaction
) -> Awaitable[object]:
    return close_quotes(transaction, builder.caller, CloseQuotes(of_opportunity=opportunity_id))


def reopening(
    builder: OrganizationBuilder, opportunity_id: UUID, transaction: Transaction
) -> Awaitable[object]:
    return reopen_opportunity(transaction, builder.caller, ReopenOpportunity(opportunity_id=opportunity_id))


def winning(builder: OrganizationBuilder, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return win_quote(transaction, builder.caller, WinQuote(quote_id=quote_id))


def revising(builder: OrganizationBuilder, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return revise_quote(transaction, builder.caller, QuoteRef(quote_id=quote_id))


def deleting(builder: OrganizationBuilder, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return delete_draft_quote(transaction, builder.caller, QuoteRef(quote_id=quote_id))


def closed_twice(answers: Iterable[object]) -> list[UUID]:
    """Return the opportunities that were closed while they were closed."""
    closed: Counter[UUID] = Counter()
    for answer in answers:
        if isinstance(answer, ClosedOpportunity):
            closed[answer.opportunity_id] += 1
        if isinstance(answer, ReopenedOpportunity):
            closed[answer.opportunity_id] -= 1
    return [opportunity_id for opportunity_id, times in closed.items() if times not in (0, 1)]
