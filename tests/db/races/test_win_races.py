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
        deals = await OrganizationBuilder.create(databases[0])
        acts = [act for _ in range(rounds) for act in await acts_on_a_deal(deals)]

        answers = await run_concurrently(deals, [database.write for database in databases], acts)

        assert await invalid_closings(deals) == []
        assert await invalid_wins(deals) == []
        wins = {answer.project_contract_id for answer in answers if isinstance(answer, WonQuote)}
        assert {row.id for row in (await deals.dump())["project_contract"]} == wins
        assert await invalid_quote_closes(deals) == []
        assert await invalid_revisions(deals) == []
        assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {
            "ACTIVE_QUOTES",
            "OPPORTUNITY_CLOSED",
            "QUOTE_NOT_ACTIVE",
            "QUOTE_NOT_DRAFT",
            "QUOTE_NOT_REVISABLE",
            "QUOTES_NOT_CLOSABLE",
        }


async def test_the_checks_find_what_is_bad(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    opportunity_id = await deals.opportunity()
    without_contract = await deals.quote(opportunity_id, state=QuoteState.WON)
    assert await invalid_wins(deals) == [opportunity_id]
    assert await invalid_quote_closes(deals) == []
    live = [await deals.quote(opportunity_id, number="QUO-9", revision=revision) for revision in (0, 1)]
    assert sorted(await invalid_revisions(deals)) == sorted(live)
    async with database.transaction() as transaction:
        await transaction.rows(Statement(text("UPDATE quote_close SET reason = 'LOST'")))
    assert await invalid_quote_closes(deals) == [without_contract]


async def acts_on_a_deal(deals: OrganizationBuilder) -> list[Operation]:
    """Return six acts on a new opportunity with two active quotes and a draft."""
    opportunity_id = await deals.opportunity()
    active = [await deals.quote(opportunity_id, state=QuoteState.ACTIVE) for _ in range(2)]
    draft = await deals.quote(opportunity_id)
    acts: list[Operation] = [
        *(partial(winning, deals, each) for each in active),
        partial(activating, deals, draft),
        partial(revising, deals, active[0]),
        partial(closing_quotes, deals, (active[1], draft)),
        partial(closing, deals, opportunity_id, "WON"),
    ]
    random.shuffle(acts)
    return acts


def closing_quotes(
    deals: OrganizationBuilder, ids: tuple[UUID, ...], transaction: Transaction
) -> Awaitable[object]:
    return close_quotes(transaction, deals.caller, CloseQuotes(ids=ids))
