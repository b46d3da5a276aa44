"""Winning at the same time as everything that gets in its way: one won quote, one contract, nothing torn."""

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
async def test_no_race_leaves_two_won_quotes_or_a_win_without_its_contract(
    database_url: str, rounds: int
) -> None:
    async with open_twice(database_url) as databases:
        builder = await OrganizationBuilder.create(databases[0])
        acts = [act for _ in range(rounds) for act in await acts_on_a_deal(builder)]

        answers = await run_concurrently(builder, [database.write for database in databases], acts)

        assert await invalid_closings(builder) == []
        assert await invalid_wins(builder) == []
        wins = {answer.project_contract_id for answer in answers if isinstance(answer, WonQuote)}
        assert {row.id for row in (await builder.dump())["project_contract"]} == wins
        assert await invalid_quote_closes(builder) == []
        assert await invalid_revisions(builder) == []
        assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {
            "ACTIVE_QUOTES",
            "OPPORTUNITY_CLOSED",
            "QUOTE_NOT_ACTIVE",
            "QUOTE_NOT_DRAFT",
            "QUOTE_NOT_REVISABLE",
            "QUOTES_NOT_CLOSABLE",
        }


async def test_the_checks_find_what_is_bad(database: Database) -> None:
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


async def acts_on_a_deal(builder: OrganizationBuilder) -> list[Operation]:
    """Return six acts on a new opportunity with two active quotes and a draft."""
    opportunity_id = await builder.opportunity()
    active = [await builder.quote(opportunity_id, state=QuoteState.ACTIVE) for _ in range(2)]
    draft = await builder.quote(opportunity_id)
    acts: list[Operation] = [
        *(partial(winning, builder, each) for each in active),
        partial(activating, builder, draft),
        partial(revising, builder, active[0]),
        partial(closing_quotes, builder, (active[1], draft)),
        partial(closing, builder, opportunity_id, "WON"),
    ]
    random.shuffle(acts)
    return acts


def closing_quotes(
    builder: OrganizationBuilder, ids: tuple[UUID, ...], transaction: Transaction
) -> Awaitable[object]:
    return close_quotes(transaction, builder.caller, CloseQuotes(ids=ids))
