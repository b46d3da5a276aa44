"""Run operations in tests, each in a transaction of its own."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import pytest

from db import models
from db.domain.caller import Caller
from db.domain.enums import OpportunityState
from db.domain.errors import Refusal
from db.domain.ids import new_id
from db.opportunities.close import ClosedOpportunity, CloseOpportunity, close_opportunity
from db.quotes.activate import activate_quote
from db.quotes.close import ClosedQuotes, CloseQuotes, close_quotes
from db.quotes.transitions import ChangedQuote, QuoteRef
from db.sql.database import Transaction
from tests.builders import A_MONTH_AGO, OrganizationBuilder

R = TypeVar("R", bound=Refusal)
C = TypeVar("C")
Outcome = TypeVar("Outcome")


async def run_operation(
    builder: OrganizationBuilder,
    operation: Callable[[Transaction, Caller, C], Awaitable[Outcome]],
    command: C,
    *,
    caller: Caller | None = None,
) -> Outcome:
    """Run an operation as the builder's caller, or as another caller."""
    by = caller or builder.caller
    return await builder.database.for_organization(by.organization_id).write(
        lambda it: operation(it, by, command)
    )


async def close(
    builder: OrganizationBuilder,
    opportunity_id: UUID,
    outcome: OpportunityState = OpportunityState.WON,
    *,
    caller: Caller | None = None,
    **details: Any,
) -> ClosedOpportunity:
    """Close an opportunity, by default as won."""
    command = CloseOpportunity(opportunity_id=opportunity_id, outcome=outcome, **details)
    return await run_operation(builder, close_opportunity, command, caller=caller)


async def close_all(
    builder: OrganizationBuilder, *, caller: Caller | None = None, **details: Any
) -> ClosedQuotes:
    """Close the quotes of an opportunity, or the quotes with the given ids."""
    command = CloseQuotes(**details)
    return await run_operation(builder, close_quotes, command, caller=caller)


async def activate(builder: OrganizationBuilder, quote_id: UUID, **options: Any) -> ChangedQuote:
    """Activate a draft."""
    return await run_operation(builder, activate_quote, QuoteRef(quote_id=quote_id, **options))


async def insert_colleague(builder: OrganizationBuilder, user_id: UUID | None = None) -> UUID:
    """Insert another user of the organization; return the id."""
    colleague = models.User(
        organization_id=builder.organization_id,
        id=user_id or new_id(),
        name="Ben Sloe",
        email="ben@example.com",
        created_at=A_MONTH_AGO,
    )
    await builder.insert(colleague)
    return colleague.id


async def expect_refusal(builder: OrganizationBuilder, kind: type[R], operation: Awaitable[object]) -> R:
    """Return the refusal of an operation, after checking that nothing changed."""
    before = await builder.dump()
    with pytest.raises(kind) as refusal:
        await operation
    assert await builder.dump() == before
    return refusal.value


async def only_row(builder: OrganizationBuilder, table: str) -> Any:
    """Return the only row of a table, of all organizations."""
    [row] = (await builder.dump())[table]
    return row
