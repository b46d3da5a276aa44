"""Values that are stored and read back, exactly and in the right order, on both databases."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db import models
from db.domain.ids import new_id
from db.sql.database import Database
from db.sql.statements import Statement
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder

Event: Any = models.Event
Opportunity: Any = models.Opportunity
QuoteLine: Any = models.QuoteLine
StatusReason: Any = models.StatusReason


@pytest.mark.parametrize("amount", ["0.00", "0.01", "0.10", "999999999999.99", "1000000000000.00"])
async def test_an_amount_is_read_with_two_places(database: Database, amount: str) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity(estimated_revenue=Decimal(amount))
    assert str(await stored(database, Opportunity.estimated_revenue, opportunity)) == amount


async def test_the_sum_of_amounts_is_exact(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    for _ in range(10):
        await builder.opportunity(estimated_revenue=Decimal("0.10"))
    total = func.sum(Opportunity.estimated_revenue).label("total")
    assert await only(database, select(total)) == Decimal("1.00")


async def test_amounts_sort_by_value(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    for amount in ("1000000000000.00", "9.99", "10.00"):
        await builder.opportunity(estimated_revenue=Decimal(amount))
    revenue = Opportunity.estimated_revenue
    assert await every(database, select(revenue).order_by(revenue)) == [
        Decimal("9.99"),
        Decimal("10.00"),
        Decimal("1000000000000.00"),
    ]


@pytest.mark.parametrize(
    ("quantity", "unit_price", "total"),
    [
        ("0.49", "0.01", "0.00"),
        ("0.50", "0.01", "0.01"),
        ("0.15", "0.10", "0.02"),
        ("33.33", "3.03", "100.99"),
        ("0.00", "1000.00", "0.00"),
        ("1000000.00", "1000000.00", "1000000000000.00"),
    ],
)
async def test_the_total_of_a_line_is_rounded_half_up(
    database: Database, quantity: str, unit_price: str, total: str
) -> None:
    builder = await OrganizationBuilder.create(database)
    line = {"id": new_id(), "quantity": Decimal(quantity), "unit_price": Decimal(unit_price)}
    await builder.quote(await builder.opportunity(), lines=[line])
    assert str(await stored(database, QuoteLine.total, line["id"])) == total


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 11, 23, 12, tzinfo=UTC),
        datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 23, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
    ids=str,
)
async def test_an_instant_is_read_to_the_microsecond(database: Database, instant: datetime) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity(created_at=instant)
    assert await stored(database, Opportunity.created_at, opportunity) == instant


async def test_an_instant_is_read_in_utc(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    in_kathmandu = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    opportunity = await builder.opportunity(created_at=in_kathmandu)
    instant = await stored(database, Opportunity.created_at, opportunity)
    assert instant.isoformat() == "2026-11-23T12:00:00+00:00"


async def test_instants_of_different_time_zones_sort_by_time(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    later = NOW + timedelta(microseconds=1)
    await builder.opportunity(created_at=later)
    await builder.opportunity(created_at=NOW.astimezone(timezone(timedelta(hours=5, minutes=45))))
    created_at = Opportunity.created_at
    assert await every(database, select(created_at).order_by(created_at)) == [NOW, later]


@pytest.mark.parametrize("day", [date(1970, 1, 1), date(2028, 2, 29), date.min, date.max], ids=str)
async def test_a_date_is_read_as_it_was_stored(database: Database, day: date) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity(estimated_close_date=day)
    assert await stored(database, Opportunity.estimated_close_date, opportunity) == day


@pytest.mark.parametrize(
    "id_", [UUID(int=0), UUID(int=2**128 - 1), new_id()], ids=["lowest", "highest", "new"]
)
async def test_an_id_is_read_as_it_was_stored(database: Database, id_: UUID) -> None:
    builder = await OrganizationBuilder.create(database)
    await builder.opportunity(id=id_)
    assert await only(database, select(Opportunity.id)) == id_


@pytest.mark.parametrize(
    "text", ["Ćwikła Gradnja", "東京クレーン 🏗", 'O\'Neil "&" Söhne\\', "line\nbreak", " "]
)
async def test_a_text_is_read_as_it_was_stored(database: Database, text: str) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity(name=text, description=text)
    assert await stored(database, Opportunity.name, opportunity) == text
    assert await stored(database, Opportunity.description, opportunity) == text


async def test_names_sort_by_code_point(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    for name in ("ärger", "apfel", "Zebra", "Z", "Birne"):
        await builder.opportunity(name=name)
    name = Opportunity.name
    assert await every(database, select(name).order_by(name)) == ["Birne", "Z", "Zebra", "apfel", "ärger"]


@pytest.mark.parametrize("required", [True, False])
async def test_a_boolean_is_read_as_it_was_stored(database: Database, required: bool) -> None:
    builder = await OrganizationBuilder.create(database)
    reason = new_id()
    await builder.insert(
        StatusReason(
            organization_id=builder.organization_id,
            id=reason,
            state="LOST",
            label="Too late",
            description_required=required,
            created_at=A_MONTH_AGO,
        )
    )
    assert await stored(database, StatusReason.description_required, reason) is required


async def test_null_is_read_as_none(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    await builder.opportunity()
    columns = (
        Opportunity.external_reference,
        Opportunity.description,
        Opportunity.estimated_close_date,
        Opportunity.actual_revenue,
        Opportunity.close_id,
    )
    async with database.transaction() as transaction:
        assert await transaction.row(Statement(select(*columns))) == (None, None, None, None, None)


async def test_events_are_numbered_in_the_order_of_insertion(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity = await builder.opportunity()
    for kind in ("FIRST", "SECOND"):
        await builder.insert(
            Event(organization_id=builder.organization_id, opportunity_id=opportunity, kind=kind, at=NOW)
        )
    async with database.transaction() as transaction:
        rows = await transaction.rows(Statement(select(Event.position, Event.kind).order_by(Event.position)))
    assert rows == [(1, "FIRST"), (2, "SECOND")]


async def stored(database: Database, column: Any, id_: Any) -> Any:
    return await only(database, select(column).where(column.class_.id == id_))


async def only(database: Database, construct: Any) -> Any:
    (value,) = await every(database, construct)
    return value


async def every(database: Database, construct: Any) -> list[Any]:
    async with database.transaction() as transaction:
        return [value for (value,) in await transaction.rows(Statement(construct))]
