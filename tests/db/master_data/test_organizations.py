from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from db import models
from db.domain.caller import Caller, Role
from db.domain.ids import new_id
from db.master_data.organizations import (
    UserRef,
    create_organization,
    find_default_user,
    insert_rows,
)
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder


async def _served(database: Database) -> UserRef | None:
    async with database.transaction() as transaction:
        return await find_default_user(transaction)


async def test_an_organization_starts_with_the_five_status_reasons_of_dataverse(database: Database) -> None:
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


async def test_an_empty_database_serves_nobody(database: Database) -> None:
    assert await _served(database) is None


async def test_an_organization_without_users_is_passed_over(database: Database) -> None:
    async with database.transaction() as transaction:
        await create_organization(transaction, "Corvane", now=NOW - timedelta(days=900))
    builder = await OrganizationBuilder.create(database)

    assert await _served(database) == UserRef(builder.organization_id, builder.user_id)


async def test_the_oldest_organization_is_served_as_its_first_user(database: Database) -> None:
    async with database.transaction() as transaction:
        younger = await create_organization(transaction, "Lowmoor", now=NOW)
        older = await create_organization(transaction, "Corvane", now=NOW - timedelta(days=900))
        first = _user(older, "ingrid@corvane.example", days_ago=800)
        second = _user(older, "mara@corvane.example", days_ago=800)
        third = _user(older, "priya@corvane.example", days_ago=700)
        await insert_rows(transaction, [_user(younger, "ruth@lowmoor.example"), third, second, first])

    assert await _served(database) == UserRef(older, first.id)


def _user(organization_id: UUID, email: str, *, days_ago: int = 900) -> models.User:
    return models.User(
        organization_id=organization_id,
        id=new_id(),
        name=email,
        email=email,
        created_at=NOW - timedelta(days=days_ago),
    )


def test_the_served_organization_makes_a_caller_at_a_moment() -> None:
    organization_id, user_id = new_id(), new_id()

    assert UserRef(organization_id, user_id).caller(NOW) == Caller(organization_id, user_id, Role.ADMIN, NOW)


async def test_rows_are_inserted_after_those_that_they_point_at(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity_id = await builder.opportunity()
    quote = models.Quote(
        organization_id=builder.organization_id,
        id=new_id(),
        opportunity_id=opportunity_id,
        number="QUO-1",
        name="Cranes",
        currency_code="EUR",
        total=Decimal("2000.00"),
        created_at=NOW,
        updated_at=NOW,
    )
    lines = [
        models.QuoteLine(
            organization_id=builder.organization_id,
            id=new_id(),
            quote_id=quote.id,
            position=position,
            kind="PRODUCT",
            name="Crane",
            unit_price=Decimal("1000.00"),
            currency_code="EUR",
        )
        for position in (1, 2)
    ]

    async with database.transaction() as transaction:
        await insert_rows(transaction, [*lines, quote])

    rows = await builder.dump()
    assert [row.id for row in rows["quote"]] == [quote.id]
    assert [row.id for row in rows["quote_line"]] == [line.id for line in lines]
