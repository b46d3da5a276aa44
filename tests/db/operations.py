"""The rules as the tests call them, each in a transaction of its own."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import pytest

from db.domain.caller import Caller
from db.domain.enums import OpportunityState
from db.domain.errors import Refusal
from db.opportunities.close import ClosedOpportunity, CloseOpportunity, close_opportunity
from db.quotes.activate import activate_quote
from db.quotes.close import ClosedQuotes, CloseQuotes, close_quotes
from db.quotes.transitions import ChangedQuote, QuoteRef
from db.sql.database import Transaction
from tests.builders import OrganizationBuilder

R = TypeVar("R", bound=Refusal)
Sent = TypeVar("Sent")
Outcome = TypeVar("Outcome")


async def run_operation(
    builder: OrganizationBuilder,
    rule: Callable[[Transaction, Caller, Sent], Awaitable[Outcome]],
    sent: Sent,
    *,
    caller: Caller | None = None,
) -> Outcome:
    """Run a rule on behalf of the deals' user, or of another caller."""
    by = caller or builder.caller
    return await builder.database.for_organization(by.organization_id).write(lambda it: rule(it, by, sent))


async def close(
    builder: OrganizationBuilder,
    opportunity_id: UUID,
    outcome: OpportunityState = OpportunityState.WON,
    *,
    caller: Caller | None = None,
    **closing: Any,
) -> ClosedOpportunity:
    """Close an opportunity, as won unless said otherwise."""
    sent = CloseOpportunity(opportunity_id=opportunity_id, outcome=outcome, **closing)
    return await run_operation(builder, close_opportunity, sent, caller=caller)


async def close_all(
    builder: OrganizationBuilder, *, caller: Caller | None = None, **closing: Any
) -> ClosedQuotes:
    """Close the quotes of an opportunity, or those that are named."""
    sent = CloseQuotes(**closing)
    return await run_operation(builder, close_quotes, sent, caller=caller)


async def activate(builder: OrganizationBuilder, quote_id: UUID, **options: Any) -> ChangedQuote:
    """Activate a draft."""
    return await run_operation(builder, activate_quote, QuoteRef(quote_id=quote_id, **options))


async def expect_refusal(builder: OrganizationBuilder, kind: type[R], operation: Awaitable[object]) -> R:
    """Return why a rule refuses, having seen that nothing was changed."""
    before = await builder.dump()
    with pytest.raises(kind) as refusal:
        await operation
    assert await builder.dump() == before
    return refusal.value


async def only_row(builder: OrganizationBuilder, table: str) -> Any:
    """Return the only row of a table, of all organizations."""
    [row] = (await builder.dump())[table]
    return row
