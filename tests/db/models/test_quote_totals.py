"""The triggers that keep the total of a quote the sum of its lines."""

import asyncio
import random
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, delete, select, update

from db import models
from db.connect import open_database
from db.domain.enums import BillingMethod, QuoteLineKind
from db.domain.errors import RuleViolation
from db.domain.ids import new_id
from db.lines.line import LineContent
from db.quotes.update import UpdateQuote, update_quote
from db.sql.database import ConcurrentWrite, Database
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of
from tests.builders import OrganizationBuilder
from tests.db.operations import run_operation

QUOTES = 1_000
CENT = Decimal("0.01")

_quote = table_of(models.Quote)
_line = table_of(models.QuoteLine)


async def totals(builder: OrganizationBuilder) -> dict[UUID, Decimal]:
    async with builder.database.transaction() as transaction:
        rows = await transaction.rows(Statement(select(_quote.c.id, _quote.c.total)))
    return {row.id: row.total for row in rows}


async def run(builder: OrganizationBuilder, construct: Any, **values: Any) -> None:
    async with builder.database.transaction() as transaction:
        await transaction.execute(Statement(construct), **values)


def line_of(builder: OrganizationBuilder, quote_id: UUID, position: int, **columns: Any) -> models.QuoteLine:
    return models.QuoteLine(
        **{
            "organization_id": builder.organization_id,
            "id": new_id(),
            "quote_id": quote_id,
            "position": position,
            "kind": "PRODUCT",
            "name": "Crane",
            "unit_price": Decimal("1000.00"),
            "currency_code": "EUR",
            **columns,
        }
    )


async def test_the_total_follows_inserted_updated_and_deleted_lines(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), lines=({}, {"quantity": Decimal("0.50")}))
    assert await totals(builder) == {quote_id: Decimal("1500.00")}
    await builder.insert(line_of(builder, quote_id, 3, unit_price=Decimal("0.05"), quantity=Decimal("0.10")))
    assert await totals(builder) == {quote_id: Decimal("1500.01")}
    await run(builder, update(_line).values(quantity=Decimal("2.00")))
    assert await totals(builder) == {quote_id: Decimal("4000.10")}
    await run(builder, delete(_line).where(_line.c.position == 1))
    assert await totals(builder) == {quote_id: Decimal("2000.10")}
    await run(builder, delete(_line))
    assert await totals(builder) == {quote_id: Decimal("0.00")}


async def test_a_line_that_moves_to_another_quote_changes_both_totals(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    left = await builder.quote(opportunity_id, lines=({}, {"unit_price": Decimal("0.30")}))
    reached = await builder.quote(opportunity_id, lines=())
    moving = update(_line).where(_line.c.position == 2).values(quote_id=bindparam("reached"))
    await run(builder, moving, reached=reached)
    assert await totals(builder) == {left: Decimal("1000.00"), reached: Decimal("0.30")}


async def test_a_total_that_is_set_becomes_the_sum_of_the_lines(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), lines=({}, {}))
    await run(builder, update(_quote).values(total=Decimal("0.01")))
    assert await totals(builder) == {quote_id: Decimal("2000.00")}


async def test_the_total_of_a_quote_that_is_inserted_without_lines_is_zero(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), lines=())
    async with builder.database.transaction() as transaction:
        [row] = await transaction.rows(Statement(select(_quote)))
        copy = row._asdict() | {"id": new_id(), "revision": 1, "total": Decimal("7.00")}
        del copy["active_parent"]
        await transaction.execute(insert_statement(models.Quote), **copy)
    assert await totals(builder) == {quote_id: Decimal("0.00"), copy["id"]: Decimal("0.00")}


async def test_one_statement_may_change_many_lines_of_many_quotes(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    quotes = [await builder.quote(opportunity_id, lines=({}, {})) for _ in range(3)]
    await run(builder, update(_line).values(unit_price=_line.c.unit_price + _line.c.unit_price))
    assert await totals(builder) == dict.fromkeys(quotes, Decimal("4000.00"))


async def test_lines_that_are_inserted_concurrently_are_all_in_the_total(database_url: str) -> None:
    databases = [await open_database(database_url) for _ in range(2)]
    builder = await OrganizationBuilder.create(databases[0])
    quote_id = await builder.quote(await builder.opportunity(), lines=())

    async def add(database: Database, position: int) -> None:
        async with database.transaction() as transaction:
            line = line_of(builder, quote_id, position, unit_price=Decimal(position))
            await transaction.execute(insert_statement(models.QuoteLine), **line.model_dump())
            await asyncio.sleep(0.01)

    await asyncio.gather(*(add(databases[each % 2], each) for each in range(1, 21)))

    assert await totals(builder) == {quote_id: Decimal("210.00")}
    for database in databases:
        await database.close()


async def test_sqlite_refuses_a_line_whose_total_would_be_inexact(sqlite: Database) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    quote_id = await builder.quote(await builder.opportunity())
    before = await builder.dump()
    huge = Decimal("1000000000000.00")
    with pytest.raises(ConcurrentWrite):
        await builder.insert(line_of(builder, quote_id, 2, quantity=huge, unit_price=huge))
    with pytest.raises(ConcurrentWrite):
        await run(builder, update(_line).values(quantity=huge, unit_price=huge))
    assert await builder.dump() == before


_TOTAL = Statement(select(_quote.c.total).where(_quote.c.id == bindparam("quote_id")))

AMOUNTS = [
    *("0.00", "0.01", "0.05", "0.10", "0.49", "0.50", "0.99", "1.00", "1.01", "2.50", "33.33", "99.99"),
    *("12345.67", "999999.99", "1000000.00", "1000000.01", "999999999999.99", "1000000000000.00"),
]


def expected(lines: Sequence[LineContent]) -> str | Decimal:
    """Return the total as computed with decimals, or the code of the refusal."""
    total = Decimal(0)
    for line in lines:
        amount = line.quantity * line.unit_price
        if amount >= Decimal("1000000000000.005"):
            return "LINE_TOTAL_OUT_OF_RANGE"
        total += amount.quantize(CENT, ROUND_HALF_UP)
    return total if total <= Decimal("1000000000000.00") else "QUOTE_TOTAL_OUT_OF_RANGE"


async def stored(builder: OrganizationBuilder, quote_id: UUID, lines: Sequence[LineContent]) -> str | Decimal:
    """Return the total of a draft with these lines, or the code of the refusal."""
    sent = UpdateQuote(quote_id=quote_id, add_lines=tuple(lines))
    try:
        await run_operation(builder, update_quote, sent)
    except RuleViolation as refusal:
        return refusal.code
    async with builder.database.transaction() as transaction:
        return (await transaction.one(_TOTAL, quote_id=quote_id)).total  # type: ignore[no-any-return]


async def test_totals_of_random_lines_are_those_of_decimals(builder: OrganizationBuilder) -> None:
    seed = random.randrange(2**32)
    chosen = random.Random(seed)
    opportunity_id = await builder.opportunity()
    met = set()
    for number in range(QUOTES):
        lines = [
            LineContent(
                kind=QuoteLineKind.PROJECT,
                name="Crew",
                billing_method=BillingMethod.FIXED_PRICE,
                quantity=Decimal(chosen.choice(AMOUNTS)),
                unit_price=Decimal(chosen.choice(AMOUNTS)),
            )
            for _ in range(chosen.randint(0, 4))
        ]
        quote_id = await builder.quote(opportunity_id, lines=())
        total = await stored(builder, quote_id, lines)
        assert total == expected(lines), (seed, number, lines)
        met.add(total)
    assert met >= {"LINE_TOTAL_OUT_OF_RANGE", "QUOTE_TOTAL_OUT_OF_RANGE", Decimal("0.00")}
