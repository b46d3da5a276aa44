"""The two tables of states: what every act comes to in every state, none left out.

Where an act is allowed, the table holds the state that follows; where it is refused, the code.
"""

from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from db.activating import activate_quote
from db.bulk_closing import OpportunitiesClosing, close_opportunities
from db.closing import OpportunityClosing, close_opportunity
from db.database import Database, Transaction
from db.drafting import QuoteDraft, create_quote, delete_draft
from db.editing import QuoteUpdate, update_quote
from db.errors import OpportunitiesNotClosable, QuotesNotClosable, Refusal
from db.pursuing import OpportunityUpdate, update_opportunity
from db.quotes import OneQuote
from db.quoting import QuotesClosing, close_quotes
from db.reopening import OpportunityReopening, reopen_opportunity
from db.revising import revise_quote
from db.states import OpportunityState, QuoteCloseReason, QuoteState
from db.winning import QuoteWinning, win_quote
from tests.builders import Deals

Act = Callable[[Transaction, Deals, UUID], Awaitable[object]]

OPEN, WON, LOST = OpportunityState
DRAFT, ACTIVE, QUOTE_WON, CLOSED = QuoteState

OPPORTUNITY_ACTS: dict[str, Act] = {
    "createQuote": lambda it, deals, id_: create_quote(
        it, deals.caller, QuoteDraft(opportunity_id=id_, name="Cranes")
    ),
    "updateOpportunity": lambda it, deals, id_: update_opportunity(
        it, deals.caller, OpportunityUpdate(opportunity_id=id_, changes={"name": "Cranes"})
    ),
    "closeOpportunity as won": lambda it, deals, id_: close_opportunity(
        it, deals.caller, OpportunityClosing(opportunity_id=id_, outcome=WON)
    ),
    "closeOpportunity as lost": lambda it, deals, id_: close_opportunity(
        it, deals.caller, OpportunityClosing(opportunity_id=id_, outcome=LOST)
    ),
    "closeOpportunities as won": lambda it, deals, id_: close_opportunities(
        it, deals.caller, OpportunitiesClosing(opportunity_ids=(id_,), outcome=WON)
    ),
    "closeOpportunities as lost": lambda it, deals, id_: close_opportunities(
        it, deals.caller, OpportunitiesClosing(opportunity_ids=(id_,), outcome=LOST)
    ),
    "reopenOpportunity": lambda it, deals, id_: reopen_opportunity(
        it, deals.caller, OpportunityReopening(opportunity_id=id_)
    ),
}
QUOTE_ACTS: dict[str, Act] = {
    "updateQuote": lambda it, deals, id_: update_quote(
        it, deals.caller, QuoteUpdate(quote_id=id_, changes={"name": "Cables"})
    ),
    "deleteDraftQuote": lambda it, deals, id_: delete_draft(it, deals.caller, OneQuote(quote_id=id_)),
    "activateQuote": lambda it, deals, id_: activate_quote(it, deals.caller, OneQuote(quote_id=id_)),
    "reviseQuote": lambda it, deals, id_: revise_quote(it, deals.caller, OneQuote(quote_id=id_)),
    "winQuote": lambda it, deals, id_: win_quote(it, deals.caller, QuoteWinning(quote_id=id_)),
    "closeQuotes as lost": lambda it, deals, id_: close_quotes(it, deals.caller, QuotesClosing(ids=(id_,))),
    "closeQuotes as canceled": lambda it, deals, id_: close_quotes(
        it, deals.caller, QuotesClosing(ids=(id_,), reason=QuoteCloseReason.CANCELED)
    ),
}

ALREADY_CLOSED = "OPPORTUNITY_ALREADY_CLOSED"
OPPORTUNITIES = {
    (OPEN, "createQuote"): "OPEN",
    (OPEN, "updateOpportunity"): "OPEN",
    (OPEN, "closeOpportunity as won"): "WON",
    (OPEN, "closeOpportunity as lost"): "LOST",
    (OPEN, "closeOpportunities as won"): "WON",
    (OPEN, "closeOpportunities as lost"): "LOST",
    (OPEN, "reopenOpportunity"): "OPPORTUNITY_OPEN",
    (WON, "createQuote"): ALREADY_CLOSED,
    (WON, "updateOpportunity"): ALREADY_CLOSED,
    (WON, "closeOpportunity as won"): ALREADY_CLOSED,
    (WON, "closeOpportunity as lost"): ALREADY_CLOSED,
    (WON, "closeOpportunities as won"): ALREADY_CLOSED,
    (WON, "closeOpportunities as lost"): ALREADY_CLOSED,
    (WON, "reopenOpportunity"): "OPEN",
    (LOST, "createQuote"): ALREADY_CLOSED,
    (LOST, "updateOpportunity"): ALREADY_CLOSED,
    (LOST, "closeOpportunity as won"): ALREADY_CLOSED,
    (LOST, "closeOpportunity as lost"): ALREADY_CLOSED,
    (LOST, "closeOpportunities as won"): ALREADY_CLOSED,
    (LOST, "closeOpportunities as lost"): ALREADY_CLOSED,
    (LOST, "reopenOpportunity"): "OPEN",
}

IN_DRAFT, IN_ACTIVE = "DRAFT: DRAFT_IN_PROGRESS", "ACTIVE: ACTIVE_IN_PROGRESS"
QUOTES_OF_OPEN = {
    (DRAFT, "updateQuote"): IN_DRAFT,
    (DRAFT, "deleteDraftQuote"): "deleted",
    (DRAFT, "activateQuote"): IN_ACTIVE,
    (DRAFT, "reviseQuote"): "QUOTE_NOT_REVISABLE",
    (DRAFT, "winQuote"): "QUOTE_NOT_ACTIVE",
    (DRAFT, "closeQuotes as lost"): "CLOSED: LOST",
    (DRAFT, "closeQuotes as canceled"): "CLOSED: CANCELED",
    (ACTIVE, "updateQuote"): "QUOTE_NOT_DRAFT",
    (ACTIVE, "deleteDraftQuote"): "QUOTE_NOT_DRAFT",
    (ACTIVE, "activateQuote"): "QUOTE_NOT_DRAFT",
    (ACTIVE, "reviseQuote"): "CLOSED: REVISED",
    (ACTIVE, "winQuote"): "WON: WON",
    (ACTIVE, "closeQuotes as lost"): "CLOSED: LOST",
    (ACTIVE, "closeQuotes as canceled"): "CLOSED: CANCELED",
    (QUOTE_WON, "updateQuote"): "QUOTE_NOT_DRAFT",
    (QUOTE_WON, "deleteDraftQuote"): "QUOTE_NOT_DRAFT",
    (QUOTE_WON, "activateQuote"): "QUOTE_NOT_DRAFT",
    (QUOTE_WON, "reviseQuote"): "QUOTE_NOT_REVISABLE",
    (QUOTE_WON, "winQuote"): "QUOTE_NOT_ACTIVE",
    (QUOTE_WON, "closeQuotes as lost"): "QUOTE_WON",
    (QUOTE_WON, "closeQuotes as canceled"): "QUOTE_WON",
    (CLOSED, "updateQuote"): "QUOTE_NOT_DRAFT",
    (CLOSED, "deleteDraftQuote"): "QUOTE_NOT_DRAFT",
    (CLOSED, "activateQuote"): "QUOTE_NOT_DRAFT",
    (CLOSED, "reviseQuote"): "CLOSED: LOST",
    (CLOSED, "winQuote"): "QUOTE_NOT_ACTIVE",
    (CLOSED, "closeQuotes as lost"): "QUOTE_ALREADY_CLOSED",
    (CLOSED, "closeQuotes as canceled"): "QUOTE_ALREADY_CLOSED",
}
OF_CLOSED = "OPPORTUNITY_CLOSED"
# An active quote of a closed opportunity can't be stored, which tests/db/test_invariants.py shows.
QUOTES_OF_CLOSED = {
    **{pair: code for pair, code in QUOTES_OF_OPEN.items() if pair[0] != ACTIVE},
    (DRAFT, "updateQuote"): OF_CLOSED,
    (DRAFT, "deleteDraftQuote"): OF_CLOSED,
    (DRAFT, "activateQuote"): OF_CLOSED,
    (DRAFT, "closeQuotes as lost"): OF_CLOSED,
    (DRAFT, "closeQuotes as canceled"): OF_CLOSED,
    (CLOSED, "reviseQuote"): OF_CLOSED,
}


@pytest.fixture
async def deals(database: Database) -> Deals:
    return await Deals.create(database)


def test_no_pair_is_missing() -> None:
    assert set(OPPORTUNITIES) == set(product(OpportunityState, OPPORTUNITY_ACTS))
    assert set(QUOTES_OF_OPEN) == set(product(QuoteState, QUOTE_ACTS))
    assert set(QUOTES_OF_CLOSED) == set(product((DRAFT, QUOTE_WON, CLOSED), QUOTE_ACTS))


async def test_every_act_on_an_opportunity_comes_to_what_the_table_says(deals: Deals) -> None:
    found = {}
    for state, act in OPPORTUNITIES:
        opportunity_id = await deals.opportunity(state=state)
        told = await told_of(deals, OPPORTUNITY_ACTS[act], opportunity_id)
        found[state, act] = told or await state_of(deals, "opportunity", opportunity_id)
    assert found == OPPORTUNITIES


@pytest.mark.parametrize(
    ("state", "table"), [(OPEN, QUOTES_OF_OPEN), (WON, QUOTES_OF_CLOSED), (LOST, QUOTES_OF_CLOSED)]
)
async def test_every_act_on_a_quote_comes_to_what_the_table_says(
    deals: Deals, state: OpportunityState, table: dict[tuple[QuoteState, str], str]
) -> None:
    found = {}
    for quote_state, act in table:
        quote_id = await deals.quote(await deals.opportunity(state=state), state=quote_state)
        told = await told_of(deals, QUOTE_ACTS[act], quote_id)
        found[quote_state, act] = told or await state_of(deals, "quote", quote_id)
    assert found == table


async def told_of(deals: Deals, act: Act, id_: UUID) -> str | None:
    """Return the code of a refusal, having seen that nothing was changed; None where there was none."""
    before = await deals.dump()
    try:
        await deals.database.write(lambda it: act(it, deals, id_))
    except (QuotesNotClosable, OpportunitiesNotClosable) as refusal:
        code = refusal.failures[0].code
    except Refusal as refusal:
        code = refusal.code
    else:
        return None
    assert await deals.dump() == before
    return code


async def state_of(deals: Deals, table: str, id_: UUID) -> str:
    rows: list[Any] = [row for row in (await deals.dump())[table] if row.id == id_]
    if not rows:
        return "deleted"
    return f"{rows[0].state}: {rows[0].status_reason}" if table == "quote" else str(rows[0].state)
