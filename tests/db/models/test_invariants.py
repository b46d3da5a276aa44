"""What the database refuses by itself, whichever program writes and whatever it has checked before."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import delete, update
from sqlmodel import SQLModel

from db import models
from db.domain.enums import SeededReason
from db.domain.ids import new_id
from db.sql.database import ConcurrentWrite, Database
from db.sql.statements import Statement, insert_statement
from tests.builders import NOW, OrganizationBuilder

FOREIGN_KEY = "FOREIGN KEY constraint failed"
"""All that SQLite says of a foreign key, without its name."""


async def test_an_active_quote_is_not_stored_under_a_closed_opportunity(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    closed = await builder.opportunity(state="WON")
    async with refused(builder, by="quote_active_under_open"):
        await builder.quote(closed, state="ACTIVE")


async def test_a_draft_under_a_closed_opportunity_does_not_become_active(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    draft = await builder.quote(await builder.opportunity(state="LOST"), state="DRAFT")
    async with refused(builder, by="quote_active_under_open"):
        await change(builder, models.Quote, draft, state="ACTIVE", status_reason="OPEN")


async def test_an_active_quote_does_not_move_to_a_closed_opportunity(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    closed = await builder.opportunity(state="WON")
    active = await builder.quote(await builder.opportunity(), state="ACTIVE")
    async with refused(builder, by="quote_active_under_open"):
        await change(builder, models.Quote, active, opportunity_id=closed)


async def test_an_opportunity_with_an_active_quote_is_not_closed(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity()
    await builder.quote(opportunity, state="ACTIVE")
    async with refused(builder, by="quote_active_under_open"):
        await close(builder, opportunity)


async def test_an_opportunity_is_not_closed_without_an_activity(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity()
    async with refused(
        builder,
        by="opportunity_closed_with_activity",
        on_sqlite="CHECK constraint failed: opportunity_closed_with_activity",
    ):
        await close(builder, opportunity, close_id=None)


async def test_an_opportunity_is_not_closed_with_an_activity_that_does_not_exist(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity()
    async with refused(builder, by="opportunity_closed_by_activity"):
        await close(builder, opportunity, close_id=new_id())


async def test_an_opportunity_is_not_closed_with_the_activity_of_another(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity()
    activity = builder.close_of(await builder.opportunity(), "WON")
    await builder.insert(activity)
    async with refused(builder, by="opportunity_closed_by_activity"):
        await close(builder, opportunity, close_id=activity.id)


async def test_the_activity_of_a_closed_opportunity_is_not_deleted(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    await builder.opportunity(state="WON")
    async with refused(builder, by="opportunity_closed_by_activity"), database.transaction() as transaction:
        await transaction.execute(Statement(delete(models.OpportunityClose)))


async def test_an_opportunity_has_one_standing_close_activity(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    closed = await builder.opportunity(state="WON")
    async with refused(
        builder,
        by="one_standing_close",
        on_sqlite="UNIQUE constraint failed:"
        " opportunity_close.organization_id, opportunity_close.opportunity_id",
    ):
        await builder.insert(builder.close_of(closed, "LOST"))


async def test_an_opportunity_has_one_won_quote(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity()
    await builder.quote(opportunity, state="WON")
    async with refused(
        builder,
        by="one_won_quote",
        on_sqlite="UNIQUE constraint failed: quote.organization_id, quote.opportunity_id",
    ):
        await builder.quote(opportunity, state="WON")


async def test_a_quote_is_not_stored_under_another_organizations_opportunity(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    others = await OrganizationBuilder.create(database)
    theirs = await others.opportunity()
    async with refused(builder, by="quote_opportunity"):
        await builder.quote(theirs)


async def test_a_quote_is_in_the_currency_of_its_opportunity(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity(currency_code="EUR")
    async with refused(builder, by="quote_currency_of_opportunity"):
        await builder.quote(opportunity, currency_code="USD")


async def test_a_line_is_in_the_currency_of_its_quote(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity(currency_code="EUR")
    async with refused(builder, by="quote_line_quote"):
        await builder.quote(opportunity, lines=[{"currency_code": "USD"}])


async def test_the_status_reason_of_an_opportunity_is_one_of_its_state(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    async with refused(builder, by="opportunity_status_reason"):
        await builder.opportunity(state="OPEN", reason=SeededReason.WON)


async def test_the_status_reason_of_a_close_activity_is_one_of_its_outcome(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity()
    canceled = builder.reasons[SeededReason.CANCELED]
    async with refused(builder, by="opportunity_close_status_reason"):
        await builder.insert(builder.close_of(opportunity, "WON", status_reason_id=canceled))


@asynccontextmanager
async def refused(
    builder: OrganizationBuilder, *, by: str, on_sqlite: str = FOREIGN_KEY
) -> AsyncIterator[None]:
    """Expect that the constraint named ``by`` refuses what the block stores, and that nothing changes."""
    before = await builder.dump()
    with pytest.raises(ConcurrentWrite) as race:
        yield
    why = race.value.__cause__
    if isinstance(why, asyncpg.IntegrityConstraintViolationError):
        assert why.constraint_name == by
    else:
        assert isinstance(why, sqlite3.IntegrityError)
        assert str(why) == on_sqlite
    assert await builder.dump() == before


async def close(builder: OrganizationBuilder, opportunity: UUID, **columns: Any) -> None:
    """Close an opportunity as won, past every rule; ``columns`` go before what is usual."""
    activity = builder.close_of(opportunity, "WON")
    values = {
        "state": "WON",
        "status_reason_id": builder.reasons[SeededReason.WON],
        "closed_on": NOW.date(),
        "close_id": activity.id,
    }
    async with builder.database.transaction() as transaction:
        await transaction.execute(insert_statement(models.OpportunityClose), **activity.model_dump())
        await transaction.execute(_update(models.Opportunity, opportunity, values | columns))


async def change(builder: OrganizationBuilder, model: type[SQLModel], row: UUID, **columns: Any) -> None:
    async with builder.database.transaction() as transaction:
        await transaction.execute(_update(model, row, columns))


def _update(model: Any, row: UUID, columns: dict[str, Any]) -> Statement:
    return Statement(update(model).where(model.id == row).values(columns))
