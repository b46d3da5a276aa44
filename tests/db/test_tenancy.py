"""Two organizations whose rows have the same ids: an act on one leaves the other as it was."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState
from db.domain.ids import new_id
from db.opportunities.close import CloseRemainingQuotes
from db.sql.database import Database
from tests.builders import OrganizationBuilder
from tests.db.operations import activate, close, close_all

OPPORTUNITY, ACTIVE, DRAFT = new_id(), new_id(), new_id()
ACTS: dict[str, Callable[[OrganizationBuilder], Awaitable[object]]] = {
    "closing": lambda deals: close(
        deals,
        OPPORTUNITY,
        OpportunityState.LOST,
        close_quotes=CloseRemainingQuotes(reason=QuoteCloseReason.LOST),
    ),
    "closing all quotes": lambda deals: close_all(deals, of_opportunity=OPPORTUNITY),
    "closing quotes by id": lambda deals: close_all(deals, ids=(ACTIVE, DRAFT)),
    "activating a quote": lambda deals: activate(deals, DRAFT),
}


async def deals_with_the_same_ids(database: Database) -> OrganizationBuilder:
    deals = await OrganizationBuilder.create(database)
    await deals.opportunity(id=OPPORTUNITY)
    await deals.quote(OPPORTUNITY, id=ACTIVE, state=QuoteState.ACTIVE)
    await deals.quote(OPPORTUNITY, id=DRAFT)
    return deals


async def rows_of(deals: OrganizationBuilder) -> dict[str, list[Any]]:
    return {
        table: [row for row in rows if deals.organization_id in row]
        for table, rows in (await deals.dump()).items()
    }


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
@pytest.mark.parametrize("is_first", [True, False])
async def test_an_act_changes_its_own_organization_alone(
    database: Database, act: Callable[[OrganizationBuilder], Awaitable[object]], is_first: bool
) -> None:
    tenants = [await deals_with_the_same_ids(database) for _ in range(2)]
    acting, other = tenants if is_first else reversed(tenants)
    own, others = await rows_of(acting), await rows_of(other)

    await act(acting)

    assert await rows_of(other) == others
    assert await rows_of(acting) != own
