"""Two organizations with the same ids: an operation on one does not change the other."""

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
OPERATIONS: dict[str, Callable[[OrganizationBuilder], Awaitable[object]]] = {
    "closing": lambda builder: close(
        builder,
        OPPORTUNITY,
        OpportunityState.LOST,
        close_quotes=CloseRemainingQuotes(reason=QuoteCloseReason.LOST),
    ),
    "closing all quotes": lambda builder: close_all(builder, of_opportunity=OPPORTUNITY),
    "closing quotes by id": lambda builder: close_all(builder, ids=(ACTIVE, DRAFT)),
    "activating a quote": lambda builder: activate(builder, DRAFT),
}


async def builder_with_fixed_ids(database: Database) -> OrganizationBuilder:
    builder = await OrganizationBuilder.create(database)
    await builder.opportunity(id=OPPORTUNITY)
    await builder.quote(OPPORTUNITY, id=ACTIVE, state=QuoteState.ACTIVE)
    await builder.quote(OPPORTUNITY, id=DRAFT)
    return builder


async def rows_of(builder: OrganizationBuilder) -> dict[str, list[Any]]:
    return {
        table: [row for row in rows if builder.organization_id in row]
        for table, rows in (await builder.dump()).items()
    }


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
@pytest.mark.parametrize("is_first", [True, False])
async def test_an_operation_changes_only_its_own_organization(
    database: Database, operation: Callable[[OrganizationBuilder], Awaitable[object]], is_first: bool
) -> None:
    tenants = [await builder_with_fixed_ids(database) for _ in range(2)]
    acting, other = tenants if is_first else reversed(tenants)
    own, others = await rows_of(acting), await rows_of(other)

    await operation(acting)

    assert await rows_of(other) == others
    assert await rows_of(acting) != own
