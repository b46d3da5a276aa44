"""Concurrent wins leave one won quote with one contract, and complete activities."""

import random
from collections.abc import Awaitable
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text

from db.domain.enums import QuoteState
from db.domain.errors import Refusal
from db.quotes.close import CloseQuotes, close_quotes
from db.quotes.win import WonQuote
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from tests.builders import OrganizationBuilder
from tests.db.invariants import invalid_closings, invalid_quote_closes, invalid_revisions, invalid_wins
from tests.db.races.race import Operation, open_twice, run_concurrently
from tests.db.races.test_races import activating, closing, revising, winning


@pytest.mark.parametrize("rounds", [100, pytest.param(2_000, marks=pytest.mark.long)])
async def test_concurrent_wins_leave_one_won_quote_with_its_contract(database_url: str, rounds: int) -> None:
    async with open_twice(database_url) as databases:
        builder = await OrganizationBuilder.create(databases[0])
        operations = [operation for _ in range(rounds) for operation in await six_operations(builder)]

        outcomes = await run_concurrently(builder, [database.write for database in databases], operations)

        assert await invalid_closings(builder) == []
        assert await invalid_wins(builder) == []
        wins = {outcome.project_contract_id for outcome in outcomes if isinstance(outcome, WonQuote)}
        assert {row.id for row in (await builder.dump())["project_contract"]} == wins
        assert await invalid_quote_closes(builder) == []
        assert await invalid_revisions(builder) == []
        assert {outcome.code for outcome in outcomes if isinstance(outcome, Refusal)} == {
            "ACTIVE_QUOTES",
            "OPPORTUNITY_CLOSED",
            "QUOTE_NOT_ACTIVE",
            "QUOTE_NOT_DRAFT",
            "QUOTE_NOT_REVISABLE",
            "QUOTES_NOT_CLOSABLE",
        }


async def test_the_checks_find_violated_invariants(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity_id = await builder.opportunity()
    without_contract = await builder.quote(opportunity_id, state=QuoteState.WON)
    assert await invalid_wins(builder) == [opportunity_id]
    assert await invalid_quote_closes(builder) == []
    live = [await builder.quote(opportunity_id, number="QUO-9", revision=revision) for revision in (0, 1)]
    assert sorted(await invalid_revisions(builder)) == sorted(live)
    async with database.transaction() as transaction:
        await transaction.rows(Statement(text("UPDATE quote_close SET reason = 'LOST'")))
    assert await invalid_quote_closes(builder) == [without_contract]


async def six_operations(builder: OrganizationBuilder) -> list[Operation]:
    """Return six operations on a new opportunity with two active quotes and a draft."""
    opportunity_id = await builder.opportunity()
    active = [await builder.quote(opportunity_id, state=QuoteState.ACTIVE) for _ in range(2)]
    draft = await builder.quote(opportunity_id)
    operations: list[Operation] = [
        *(partial(winning, builder, each) for each in active),
        partial(activating, builder, draft),
        partial(revising, builder, active[0]),
        partial(closing_quotes, builder, (active[1], draft)),
        partial(closing, builder, opportunity_id, "WON"),
    ]
    random.shuffle(operations)
    return operations


def closing_quotes(
    builder: OrganizationBuilder, ids: tuple[UUID, ...], transaction: Transaction
) -> Awaitable[object]:
    return close_quotes(transaction, builder.caller, CloseQuotes(ids=ids))
