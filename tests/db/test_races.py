"""Many at once on the same deal: whatever each of them is told, what is stored obeys the rules.

The same rounds without the guards go wrong, which shows that these rounds can.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Iterable
from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from db import models
from db.activating import activate_quote
from db.closing import OpportunityClosed, OpportunityClosing, close_opportunity
from db.database import Transaction
from db.errors import Refusal
from db.quotes import OneQuote
from db.quoting import QuotesClosing, close_quotes
from db.statements import Statement
from db.states import ActivityState, OpportunityState, QuoteState
from tests.builders import Deals
from tests.db.racing import Act, opened, race
from tests.db.unguarded import remove_guards, write_unguarded

ROUNDS = 2_000
ROUNDS_WITHOUT_GUARDS = 200


async def test_no_race_leaves_a_bad_state_or_closes_twice(database_url: str) -> None:
    async with opened(database_url) as databases:
        deals = await Deals.create(databases[0])

        acts = [act for _ in range(ROUNDS) for act in await acts_on_a_deal(deals)]
        answers = await race(deals, [database.write for database in databases], acts)

        assert await badly_closed(deals) == []
        assert closed_twice(answers) == []
        assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {
            "ACTIVE_QUOTES",
            "OPPORTUNITY_ALREADY_CLOSED",
            "OPPORTUNITY_CLOSED",
            "QUOTES_NOT_CLOSABLE",
            "QUOTE_NOT_DRAFT",
        }


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


def activating(deals: Deals, quote_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return activate_quote(transaction, deals.caller, OneQuote(quote_id=quote_id))


def closing(deals: Deals, opportunity_id: UUID, outcome: str, transaction: Transaction) -> Awaitable[object]:
    sent = OpportunityClosing(opportunity_id=opportunity_id, outcome=OpportunityState(outcome))
    return close_opportunity(transaction, deals.caller, sent)


def closing_quotes(deals: Deals, opportunity_id: UUID, transaction: Transaction) -> Awaitable[object]:
    return close_quotes(transaction, deals.caller, QuotesClosing(of_opportunity=opportunity_id))


def closed_twice(answers: Iterable[object]) -> list[UUID]:
    closings = Counter(answer.opportunity_id for answer in answers if isinstance(answer, OpportunityClosed))
    return [opportunity_id for opportunity_id, times in closings.items() if times > 1]


async def badly_closed(deals: Deals) -> list[UUID]:
    """Return the opportunities that are closed with an active quote or have a wrong number of activities."""
    async with deals.database.transaction() as transaction:
        rows = await transaction.rows(_STANDING)
    return [
        row.id
        for row in rows
        if (row.active_quotes and row.state != OpportunityState.OPEN)
        or row.activities != int(row.state != OpportunityState.OPEN)
    ]


_opportunity = models.Opportunity.__table__.c  # type: ignore[attr-defined]
_activity = models.OpportunityClose.__table__.c  # type: ignore[attr-defined]
_quote = models.Quote.__table__.c  # type: ignore[attr-defined]

_STANDING = Statement(
    select(
        _opportunity.id,
        _opportunity.state,
        select(func.count())
        .where(
            _quote.organization_id == _opportunity.organization_id,
            _quote.opportunity_id == _opportunity.id,
            _quote.state == QuoteState.ACTIVE,
        )
        .scalar_subquery()
        .label("active_quotes"),
        select(func.count())
        .where(
            _activity.organization_id == _opportunity.organization_id,
            _activity.opportunity_id == _opportunity.id,
            _activity.state == ActivityState.COMPLETED,
        )
        .scalar_subquery()
        .label("activities"),
    )
)
