from datetime import timedelta
from uuid import UUID

from db import models
from db.domain.ids import new_id
from db.master_data.bulk_insert import insert_rows
from db.master_data.organizations import (
    UserRef,
    create_organization,
    find_default_user,
)
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder


async def default_user(database: Database) -> UserRef | None:
    async with database.transaction() as transaction:
        return await find_default_user(transaction)


async def test_a_new_organization_has_the_five_status_reasons_of_dataverse(database: Database) -> None:
    async with database.transaction() as transaction:
        organization_id = await create_organization(transaction, "Corvane", now=NOW)

    rows = await OrganizationBuilder(database).dump()
    assert [(row.id, row.name, row.created_at) for row in rows["organization"]] == [
        (organization_id, "Corvane", NOW)
    ]
    assert {
        (row.organization_id, row.state, row.code, row.label, row.retired_at) for row in rows["status_reason"]
    } == {
        (organization_id, "OPEN", 1, "In Progress", None),
        (organization_id, "OPEN", 2, "On Hold", None),
        (organization_id, "WON", 3, "Won", None),
        (organization_id, "LOST", 4, "Canceled", None),
        (organization_id, "LOST", 5, "Out-Sold", None),
    }


async def test_an_empty_database_has_no_default_user(database: Database) -> None:
    assert await default_user(database) is None


async def test_an_organization_without_users_is_skipped(database: Database) -> None:
    async with database.transaction() as transaction:
        await create_organization(transaction, "Corvane", now=NOW - timedelta(days=900))
    builder = await OrganizationBuilder.create(database)

    assert await default_user(database) == UserRef(builder.organization_id, builder.user_id)


async def test_the_default_user_is_the_first_of_the_oldest_organization(database: Database) -> None:
    async with database.transaction() as transaction:
        younger = await create_organization(transaction, "Lowmoor", now=NOW)
        older = await create_organization(transaction, "Corvane", now=NOW - timedelta(days=900))
        first = _user(older, "ingrid@corvane.example", days_ago=800)
        second = _user(older, "mara@corvane.example", days_ago=800)
        third = _user(older, "priya@corvane.example", days_ago=700)
        await insert_rows(transaction, [_user(younger, "ruth@lowmoor.example"), third, second, first])

    assert await default_user(database) == UserRef(older, first.id)


def _user(organization_id: UUID, email: str, *, days_ago: int = 900) -> models.User:
    return models.User(
        organization_id=organization_id,
        id=new_id(),
        name=email,
        email=email,
        created_at=NOW - timedelta(days=days_ago),
    )
