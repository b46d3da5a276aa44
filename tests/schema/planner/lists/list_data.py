"""Many rows for lists, with equal and missing values in every column that sorts them."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Self
from uuid import UUID

from sqlalchemy import bindparam, case, func, null, update
from sqlmodel import SQLModel

from db import models
from db.domain.enums import SeededReason
from db.domain.ids import new_id
from db.domain.validation import MAX_DATE
from db.sql.database import Database
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of
from tests.builders import A_MONTH_AGO, OrganizationBuilder
from tests.schema.planner.edge_values import pick

Row = dict[str, Any]
Rows = dict[type[SQLModel], Row]

NAMES = ("crane", "Crane", "Ærø", "", "%", "日本語")
DAYS = (date(2026, 3, 31), None, MAX_DATE, date(2026, 11, 22), date(2027, 1, 1))

_TABLES = (models.Opportunity, models.OpportunityClose, models.Quote, models.QuoteLine)


class ListBuilder:
    """Stores rows of the lists ``opportunities`` and ``quotes``; all quotes are of one opportunity."""

    def __init__(self, builder: OrganizationBuilder, opportunity_id: UUID) -> None:
        self.builder = builder
        self._opportunity_id = opportunity_id
        self._numbers = count(1)

    @classmethod
    async def create(cls, database: Database) -> Self:
        """Store an organization with one opportunity."""
        builder = await OrganizationBuilder.create(database)
        return cls(builder, await builder.opportunity())

    async def add(self, field: str, number: int) -> list[UUID]:
        """Store a number of rows of a list; return their ids."""
        made = [self._row(field) for _ in range(number)]
        async with self.builder.database.transaction() as transaction:
            for model in _TABLES:
                rows = [each[model] for each in made if model in each]
                await transaction.execute_many(insert_statement(model), rows)
        return [next(iter(each.values()))["id"] for each in made]

    async def move(self, field: str, id_: UUID) -> None:
        """Move a row in the list: give it the values of a new row in the columns that sort it."""
        new = self._row(field)
        async with self.builder.database.transaction() as transaction:
            for model, statement in _MOVES.items():
                if model in new:
                    organization = {"of": self.builder.organization_id}
                    await transaction.execute(statement, **{**new[model], "row": id_}, **organization)

    def _row(self, field: str) -> Rows:
        number = next(self._numbers)
        shared = {
            "organization_id": self.builder.organization_id,
            "id": new_id(),
            "name": f"{pick(NAMES, number)} {number % 7}",
            "currency_code": "EUR",
            "created_at": A_MONTH_AGO + timedelta(hours=number * 5 % 13),
            "updated_at": A_MONTH_AGO + timedelta(hours=number * 3 % 17),
        }
        make = self._opportunity if field == "opportunities" else self._quote
        return make(number, shared)

    def _opportunity(self, number: int, shared: Row) -> Rows:
        won = number % 3 == 0
        closing: dict[str, Any] = {
            "status_reason_id": self.builder.reasons[SeededReason.WON if won else SeededReason.IN_PROGRESS],
            "actual_revenue": pick((None, Decimal(number % 5)), number) if won else None,
            "closed_on": pick((DAYS[0], DAYS[3]), number) if won else None,
        }
        opportunity = models.Opportunity(
            **shared,
            **closing,
            account_id=self.builder.account_id,
            owner_id=self.builder.user_id,
            contracting_unit_id=self.builder.contracting_unit_id,
            state="WON" if won else "OPEN",
            estimated_revenue=Decimal(number * 7 % 11),
            estimated_close_date=pick(DAYS, number, 2),
            close_id=new_id() if won else None,
        )
        made: Rows = {models.Opportunity: opportunity.model_dump()}
        if won:
            close = self.builder.close_of(opportunity.id, "WON", id=opportunity.close_id, **closing)
            made[models.OpportunityClose] = close.model_dump()
        return made

    def _quote(self, number: int, shared: Row) -> Rows:
        price = Decimal(number * 7 % 11)
        quote = models.Quote(
            **shared,
            opportunity_id=self._opportunity_id,
            number=f"Q-{number * 7919 % 100_003}",
            total=price,
            effective_to=pick(DAYS, number, 2),
        )
        line = models.QuoteLine(
            organization_id=self.builder.organization_id,
            id=new_id(),
            quote_id=quote.id,
            position=1,
            kind="PRODUCT",
            name="Crane",
            unit_price=price,
            currency_code="EUR",
        )
        return {models.Quote: quote.model_dump(), models.QuoteLine: line.model_dump()}


def _move(table: Any, key: str, *columns: str, **more: Any) -> Statement:
    values = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    of_row = table.c.organization_id == bindparam("of"), table.c[key] == bindparam("row")
    return Statement(update(table).where(*of_row).values(**values, **more))


def _where_won(column: Any) -> Any:
    new = func.coalesce(bindparam(column.name, type_=column.type), column)
    return case((_opportunity.c.state == "WON", new), else_=null())


_opportunity = table_of(models.Opportunity)
_quote = table_of(models.Quote)
_line = table_of(models.QuoteLine)

_MOVES: dict[type[SQLModel], Statement] = {
    models.Opportunity: _move(
        _opportunity,
        "id",
        *("name", "estimated_revenue", "estimated_close_date", "created_at", "updated_at"),
        closed_on=_where_won(_opportunity.c.closed_on),
        actual_revenue=_where_won(_opportunity.c.actual_revenue),
    ),
    models.Quote: _move(_quote, "id", "name", "number", "effective_to", "created_at", "updated_at"),
    models.QuoteLine: _move(_line, "quote_id", "unit_price"),
}
