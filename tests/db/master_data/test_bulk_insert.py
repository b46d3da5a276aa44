from decimal import Decimal

from db import models
from db.domain.ids import new_id
from db.master_data.bulk_insert import insert_rows
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder


async def test_rows_are_inserted_after_the_rows_that_they_refer_to(database: Database) -> None:
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
