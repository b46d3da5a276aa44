"""Migration 0014: instants that are stored as infinities become the ends of the calendar."""

from datetime import UTC, datetime
from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from db.sql.database import Database
from tests.builders import A_MONTH_AGO, OrganizationBuilder

MIGRATION = import_module("db.migrations.versions.0014_finite_instants")


def upgrade(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        MIGRATION.upgrade()


async def test_infinities_become_the_ends_of_the_calendar(postgresql: Database, postgresql_url: str) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    first, last, other = [await builder.opportunity() for _ in range(3)]
    engine = create_async_engine(postgresql_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        for infinity, opportunity_id in (("-infinity", first), ("infinity", last)):
            await connection.execute(
                text(
                    "UPDATE opportunity SET created_at = CAST(CAST(:instant AS text) AS timestamptz)"
                    " WHERE id = CAST(:id AS uuid)"
                ),
                {"instant": infinity, "id": opportunity_id},
            )
        await connection.run_sync(upgrade)
    await engine.dispose()
    assert {row.id: row.created_at for row in (await builder.dump())["opportunity"]} == {
        first: datetime.min.replace(tzinfo=UTC),
        last: datetime.max.replace(tzinfo=UTC),
        other: A_MONTH_AGO,
    }
