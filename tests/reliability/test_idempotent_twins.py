"""Twelve times the same with one key, at the same time: one effect, and twelve times the same answer."""

import asyncio
from uuid import UUID

import pytest

from db.domain.enums import OpportunityState
from db.opportunities.close import ClosedOpportunity, CloseOpportunity, close_opportunity
from db.sql.database import Database, Transaction
from tests.builders import OrganizationBuilder
from tests.db.races.race import open_twice

TWINS = 12
AT_ONCE = 5
"""Keys; more are no more of a contention for one of them."""


@pytest.mark.parametrize("keys", [100, pytest.param(10_000, marks=pytest.mark.long)])
async def test_twins_have_one_effect(database_url: str, keys: int) -> None:
    async with open_twice(database_url) as databases:
        builder = await OrganizationBuilder.create(databases[0])
        closings: set[UUID] = set()
        for _ in range(keys // AT_ONCE):
            closings |= set(
                await asyncio.gather(*(closing_of_twins(builder, databases) for _ in range(AT_ONCE)))
            )

        dump = await builder.dump()
        assert len(closings) == keys
        assert {row.id for row in dump["opportunity_close"]} == closings
        assert {row.version for row in dump["opportunity"]} == {2}
        assert len(dump["event"]) == len(dump["audit"]) == len(dump["idempotency"]) == keys


async def closing_of_twins(builder: OrganizationBuilder, databases: list[Database]) -> UUID:
    """Let twins close a new opportunity with one key; return the one closing of which all were told."""
    opportunity_id = await builder.opportunity()
    sent = CloseOpportunity(
        opportunity_id=opportunity_id, outcome=OpportunityState.WON, idempotency_key=str(opportunity_id)
    )

    async def close(transaction: Transaction) -> ClosedOpportunity:
        return await close_opportunity(transaction, builder.caller, sent)

    [answer] = set(await asyncio.gather(*(databases[twin % 2].write(close) for twin in range(TWINS))))
    return answer.opportunity_close_id
