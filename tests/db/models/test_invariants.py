"""Constraints: what the database itself refuses, whatever the writing program has checked."""

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
from db.sql.database import ConcurrentWrite
from db.sql.statements import Statement, insert_statement
from tests.builders import NOW, OrganizationBuilder

FOREIGN_KEY = "FOREIGN KEY constraint failed"
"""SQLite's message, which does not name the foreign key."""


async def test_an_active_quote_is_refused_under_a_closed_opportunity(
    builder: OrganizationBuilder,
) -> None:
    closed = await builder.opportunity(state="WON")
    async with refused(builder, by="quote_active_under_open"):
        await builder.quote(closed, state="ACTIVE")


async def test_a_draft_under_a_closed_opportunity_can_not_become_active(builder: OrganizationBuilder) -> None:
    draft = await builder.quote(await builder.opportunity(state="LOST"), state="DRAFT")
    async with refused(builder, by="quote_active_under_open"):
        await update_row(builder, models.Quote, draft, state="ACTIVE", status_reason="OPEN")


async def test_an_active_quote_can_not_move_to_a_closed_opportunity(builder: OrganizationBuilder) -> None:
    closed = await builder.opportunity(state="WON")
    active = await builder.quote(await builder.opportunity(), state="ACTIVE")
    async with refused(builder, by="quote_active_under_open"):
        await update_row(builder, models.Quote, active, opportunity_id=closed)


async def test_an_opportunity_with_an_active_quote_can_not_be_closed(builder: OrganizationBuilder) -> None:
    opportunity = await builder.opportunity()
    await builder.quote(opportunity, state="ACTIVE")
    async with refused(builder, by="quote_active_under_open"):
        await close(builder, opportunity)


async def test_an_opportunity_can_not_be_closed_without_an_activity(builder: OrganizationBuilder) -> None:
    opportunity = await builder.opportunity()
    async with refused(
        builder,
        by="opportunity_closed_with_activity",
        on_sqlite="CHECK constraint failed: opportunity_closed_with_activity",
    ):
        await close(builder, opportunity, close_id=None)


async def test_an_opportunity_can_not_be_closed_with_a_missing_activity(builder: OrganizationBuilder) -> None:
    opportunity = await builder.opportunity()
    async with refused(builder, by="opportunity_closed_by_activity"):
        await close(builder, opportunity, close_id=new_id())


async def test_an_opportunity_can_not_be_closed_with_a_foreign_activity(
    builder: OrganizationBuilder,
) -> None:
    opportunity = await builder.opportunity()
    activity = builder.close_of(await builder.opportunity(), "WON")
    await builder.insert(activity)
    async with refused(builder, by="opportunity_closed_by_activity"):
        await close(builder, opportunity, close_id=activity.id)


async def test_the_activity_of_a_closed_opportunity_can_not_be_deleted(builder: OrganizationBuilder) -> None:
    await builder.opportunity(state="WON")
    async with (
        refused(builder, by="opportunity_closed_by_activity"),
        builder.database.transaction() as transaction,
    ):
        await transaction.execute(Statement(delete(models.OpportunityClose)))


async def test_an_opportunity_has_at_most_one_completed_activity(builder: OrganizationBuilder) -> None:
    closed = await builder.opportunity(state="WON")
    async with refused(
        builder,
        by="one_standing_close",
        on_sqlite="UNIQUE constraint failed:"
        " opportunity_close.organization_id, opportunity_close.opportunity_id",
    ):
        await builder.insert(builder.close_of(closed, "LOST"))


async def test_an_opportunity_has_at_most_one_won_quote(builder: OrganizationBuilder) -> None:
    opportunity = await builder.opportunity()
    await builder.quote(opportunity, state="WON")
    async with refused(
        builder,
        by="one_won_quote",
        on_sqlite="UNIQUE constraint failed: quote.organization_id, quote.opportunity_id",
    ):
        await builder.quote(opportunity, state="WON")


async def test_a_quote_has_an_opportunity_of_its_own_organization(
    builder: OrganizationBuilder,
) -> None:
    others = await OrganizationBuilder.create(builder.database)
    theirs = await others.opportunity()
    async with refused(builder, by="quote_opportunity"):
        await builder.quote(theirs)


async def test_a_quote_has_the_currency_of_its_opportunity(builder: OrganizationBuilder) -> None:
    opportunity = await builder.opportunity(currency_code="EUR")
    async with refused(builder, by="quote_currency_of_opportunity"):
        await builder.quote(opportunity, currency_code="USD")


async def test_a_line_has_the_currency_of_its_quote(builder: OrganizationBuilder) -> None:
    opportunity = await builder.opportunity(currency_code="EUR")
    async with refused(builder, by="quote_line_quote"):
        await builder.quote(opportunity, lines=[{"currency_code": "USD"}])


async def test_the_status_reason_of_an_opportunity_matches_its_state(builder: OrganizationBuilder) -> None:
    async with refused(builder, by="opportunity_status_reason"):
        await builder.opportunity(state="OPEN", reason=SeededReason.WON)


async def test_the_status_reason_of_an_activity_matches_its_outcome(builder: OrganizationBuilder) -> None:
    opportunity = await builder.opportunity()
    canceled = builder.reasons[SeededReason.CANCELED]
    async with refused(builder, by="opportunity_close_status_reason"):
        await builder.insert(builder.close_of(opportunity, "WON", status_reason_id=canceled))


@asynccontextmanager
async def refused(
    builder: OrganizationBuilder, *, by: str, on_sqlite: str = FOREIGN_KEY
) -> AsyncIterator[None]:
    """Expect that the constraint ``by`` refuses the write in the block, and that nothing changes."""
    before = await builder.dump()
    with pytest.raises(ConcurrentWrite) as race:
        yield
    cause = race.value.__cause__
    if isinstance(cause, asyncpg.IntegrityConstraintViolationError):
        assert cause.constraint_name == by
    else:
        assert isinstance(cause, sqlite3.IntegrityError)
        assert str(cause) == on_sqlite
    assert await builder.dump() == before


async def close(builder: OrganizationBuilder, opportunity: UUID, **columns: Any) -> None:
    """Close an opportunity as won without any rule; ``columns`` override the usual values."""
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


async def update_row(builder: OrganizationBuilder, model: type[SQLModel], row: UUID, **columns: Any) -> None:
    async with builder.database.transaction() as transaction:
        await transaction.execute(_update(model, row, columns))


def _update(model: Any, row: UUID, columns: dict[str, Any]) -> Statement:
    return Statement(update(model).where(model.id == row).values(columns))
