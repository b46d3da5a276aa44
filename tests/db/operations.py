"""The rules as the tests call them, each in a transaction of its own."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import pytest

from db.domain.caller import Caller
from db.domain.enums import OpportunityState
from db.domain.errors import Refusal
from db.opportunities.close import OpportunityClosed, OpportunityClosing, close_opportunity
from db.quotes.activate import activate_quote
from db.quotes.close import QuotesClosed, QuotesClosing, close_quotes
from db.quotes.transitions import OneQuote, QuoteChanged
from db.sql.database import Transaction
from tests.builders import Deals

R = TypeVar("R", bound=Refusal)
Sent = TypeVar("Sent")
Outcome = TypeVar("Outcome")


async def act(
    deals: Deals,
    rule: Callable[[Transaction, Caller, Sent], Awaitable[Outcome]],
    sent: Sent,
    *,
    caller: Caller | None = None,
) -> Outcome:
    """Run a rule on behalf of the deals' user, or of another caller."""
    by = caller or deals.caller
    return await deals.database.of(by.organization_id).write(lambda it: rule(it, by, sent))


async def close(
    deals: Deals,
    opportunity_id: UUID,
    outcome: OpportunityState = OpportunityState.WON,
    *,
    caller: Caller | None = None,
    **closing: Any,
) -> OpportunityClosed:
    """Close an opportunity, as won unless said otherwise."""
    sent = OpportunityClosing(opportunity_id=opportunity_id, outcome=outcome, **closing)
    return await act(deals, close_opportunity, sent, caller=caller)


async def close_all(deals: Deals, *, caller: Caller | None = None, **closing: Any) -> QuotesClosed:
    """Close the quotes of an opportunity, or those that are named."""
    sent = QuotesClosing(**closing)
    return await act(deals, close_quotes, sent, caller=caller)


async def activate(deals: Deals, quote_id: UUID, **options: Any) -> QuoteChanged:
    """Activate a draft."""
    return await act(deals, activate_quote, OneQuote(quote_id=quote_id, **options))


async def refused(deals: Deals, kind: type[R], act: Awaitable[object]) -> R:
    """Return why a rule refuses, having seen that nothing was changed."""
    before = await deals.dump()
    with pytest.raises(kind) as refusal:
        await act
    assert await deals.dump() == before
    return refusal.value


async def the_only(deals: Deals, table: str) -> Any:
    """Return the only row of a table, of all organizations."""
    [row] = (await deals.dump())[table]
    return row
