"""Concurrent requests with one idempotency key have one effect and the same answer."""

import asyncio
from uuid import UUID

import pytest

from db.domain.enums import OpportunityState
from db.opportunities.close import ClosedOpportunity, CloseOpportunity, close_opportunity
from db.sql.database import Database, Transaction
from tests.builders import OrganizationBuilder
from tests.db.races.race import open_twice

REQUESTS_PER_KEY = 12
CONCURRENT_KEYS = 5


@pytest.mark.parametrize("keys", [100, pytest.param(10_000, marks=pytest.mark.long)])
async def test_concurrent_requests_with_one_key_have_one_effect(database_url: str, keys: int) -> None:
    async with open_twice(database_url) as databases:
        builder = await OrganizationBuilder.create(databases[0])
        closings: set[UUID] = set()
        for _ in range(keys // CONCURRENT_KEYS):
            closings |= set(
                await asyncio.gather(
                    *(close_concurrently(builder, databases) for _ in range(CONCURRENT_KEYS))
                )
            )

        dump = await builder.dump()
        assert len(closings) == keys
        assert {row.id for row in dump["opportunity_close"]} == closings
        assert {row.version for row in dump["opportunity"]} == {2}
        assert len(dump["event"]) == len(dump["audit"]) == len(dump["idempotency"]) == keys


async def close_concurrently(builder: OrganizationBuilder, databases: list[Database]) -> UUID:
    """Close a new opportunity several times with one key; return the closing that all requests got."""
    opportunity_id = await builder.opportunity()
    command = CloseOpportunity(
        opportunity_id=opportunity_id, outcome=OpportunityState.WON, idempotency_key=str(opportunity_id)
    )

    async def close(transaction: Transaction) -> ClosedOpportunity:
        return await close_opportunity(transaction, builder.caller, command)

    writes = (databases[number % 2].write(close) for number in range(REQUESTS_PER_KEY))
    [closed] = set(await asyncio.gather(*writes))
    return closed.opportunity_close_id
