"""Concurrent operations on the same opportunity keep the invariants.

Without the guards the same operations violate them, which shows that the test can fail.
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
"""Ten operations each."""

ROUNDS_WITHOUT_GUARDS = 200
"""Five operations each."""


@pytest.mark.parametrize("times", [1, pytest.param(100, marks=pytest.mark.long)])
async def test_concurrent_operations_keep_the_invariants(database_url: str, times: int) -> None:
    async with open_twice(database_url) as databases:
        builder = await OrganizationBuilder.create(databases[0])
        for _ in range(times):
            operations = [operation for _ in range(ROUNDS) for operation in await ten_operations(builder)]
            outcomes = await run_concurrently(builder, [database.write for database in databases], operations)

            assert closed_twice(outcomes) == []
            assert {outcome.code for outcome in outcomes if isinstance(outcome, Refusal)} == EXPECTED_CODES
        assert await invalid_closings(builder) == []
        assert await invalid_wins(builder) == []


async def test_without_the_guards_more_than_a_tenth_of_the_rounds_break_an_invariant(
    database_url: str,
) -> None:
    await drop_constraints(database_url)
    async with open_twice(database_url) as databases:
        builder = await OrganizationBuilder.create(databases[0])
        writes = [partial(write_without_guards, database) for database in databases]

        operations = [
            operation for _ in range(ROUNDS_WITHOUT_GUARDS) for operation in await five_operations(builder)
        ]
        outcomes = await run_concurrently(builder, writes, operations)

        assert len(await invalid_closings(builder)) > ROUNDS_WITHOUT_GUARDS / 10
        assert len(closed_twice(outcomes)) > ROUNDS_WITHOUT_GUARDS / 10


async def five_operations(builder: OrganizationBuilder) -> list[Operation]:
    """Return five operations on a new opportunity with two drafts; not all of them can succeed."""
    opportunity_id = await builder.opportunity()
    drafts = [await builder.quote(opportunity_id) for _ in range(2)]
    operations: list[Operation] = [
        *(partial(activating, builder, draft) for draft in drafts),
        *(partial(closing, builder, opportunity_id, outcome) for outcome in ("WON", "LOST")),
        partial(closing_quotes, builder, opportunity_id),
    ]
    random.shuffle(operations)
    return operations


async def ten_operations(builder: OrganizationBuilder) -> list[Operation]:
    """Return ten operations on a new opportunity with two drafts and an active quote."""
    opportunity_id = await builder.opportunity()
    drafts = [await builder.quote(opportunity_id) for _ in range(2)]
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    operations: list[Operation] = [
        *(partial(activating, builder, draft) for draft in drafts),
        *(partial(closing, builder, opportunity_id, outcome) for outcome in ("WON", "LOST")),
        partial(closing_quotes, builder, opportunity_id),
        *(partial(reopening, builder, opportunity_id) for _ in range(2)),
        partial(winning, builder, active),
        partial(revising, builder, active),
        partial(deleting, builder, drafts[0]),
    ]
    random.shuffle(operations)
    return operations


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


def closed_twice(outcomes: Iterable[object]) -> list[UUID]:
    """Return the opportunities that were closed twice without being reopened."""
    closed: Counter[UUID] = Counter()
    for outcome in outcomes:
        if isinstance(outcome, ClosedOpportunity):
            closed[outcome.opportunity_id] += 1
        if isinstance(outcome, ReopenedOpportunity):
            closed[outcome.opportunity_id] -= 1
    return [opportunity_id for opportunity_id, times in closed.items() if times not in (0, 1)]
