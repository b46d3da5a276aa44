"""Build rows for tests: valid by default, and inserted without running any rule."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import count
from typing import Any, Self, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlmodel import SQLModel

from db import models
from db.domain.caller import Caller, Role
from db.domain.enums import OpportunityState, QuoteState, QuoteStatusReason, SeededReason
from db.domain.ids import new_id
from db.master_data.organizations import SEEDED_STATUS_REASONS
from db.sql.database import Database
from db.sql.statements import Statement, insert_statement

Row = TypeVar("Row", bound=SQLModel)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""The time of the tests' callers."""

A_MONTH_AGO = NOW - timedelta(days=30)
"""The creation time of the tests' rows."""

_OPPORTUNITY_REASONS = {
    OpportunityState.OPEN: SeededReason.IN_PROGRESS,
    OpportunityState.WON: SeededReason.WON,
    OpportunityState.LOST: SeededReason.CANCELED,
}
_QUOTE_REASONS = {
    QuoteState.DRAFT: QuoteStatusReason.DRAFT_IN_PROGRESS,
    QuoteState.ACTIVE: QuoteStatusReason.ACTIVE_IN_PROGRESS,
    QuoteState.WON: QuoteStatusReason.WON,
    QuoteState.CLOSED: QuoteStatusReason.LOST,
}

_ALL_ROWS = {
    table.name: Statement(select(table).order_by(*table.primary_key))
    for table in SQLModel.metadata.sorted_tables
}
_insert_statement = cache(insert_statement)


class OrganizationBuilder:
    """Build one organization with a user, contracting unit, account, competitor and status reasons.

    ``caller`` is the user at ``NOW``. Columns that a test does not pass get values that fit the others.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.organization_id = new_id()
        self.user_id = new_id()
        self.contracting_unit_id = new_id()
        self.account_id = new_id()
        self.competitor_id = new_id()
        self.reasons: dict[SeededReason, UUID] = {reason: new_id() for reason in SeededReason}
        self.caller = Caller(self.organization_id, self.user_id, Role.ADMIN, NOW)
        self._numbers = count(1)

    @classmethod
    async def create(cls, database: Database) -> Self:
        """Insert an organization. All organizations have the same names."""
        builder = cls(database)
        await builder.insert(*builder._master_data())
        return builder

    async def opportunity(
        self,
        *,
        state: str = OpportunityState.OPEN,
        reason: SeededReason | None = None,
        competitor_id: UUID | None = None,
        **columns: Any,
    ) -> UUID:
        """Insert an opportunity, with a close activity if it is won or lost, and return its id."""
        opportunity = self._new(
            models.Opportunity,
            columns,
            name="Harbour crane retrofit",
            account_id=self.account_id,
            owner_id=self.user_id,
            contracting_unit_id=self.contracting_unit_id,
            currency_code="EUR",
            state=state,
            status_reason_id=self.reasons[reason or _OPPORTUNITY_REASONS[OpportunityState(state)]],
            estimated_revenue=Decimal("5000.00"),
            actual_revenue=Decimal("5000.00") if state == OpportunityState.WON else None,
            closed_on=None if state == OpportunityState.OPEN else NOW.date(),
            created_at=A_MONTH_AGO,
            updated_at=A_MONTH_AGO,
        )
        if state == OpportunityState.OPEN:
            await self.insert(opportunity)
        else:
            close = self.close_of(
                opportunity.id,
                state,
                status_reason_id=opportunity.status_reason_id,
                actual_revenue=opportunity.actual_revenue,
                currency_code=opportunity.currency_code,
                closed_on=opportunity.closed_on,
                competitor_id=competitor_id,
            )
            opportunity.close_id = close.id
            await self.insert(opportunity, close)
        return opportunity.id

    def close_of(self, opportunity_id: UUID, outcome: str, **columns: Any) -> models.OpportunityClose:
        """Return a close activity of an opportunity, without inserting it."""
        return self._new(
            models.OpportunityClose,
            columns,
            opportunity_id=opportunity_id,
            outcome=outcome,
            status_reason_id=self.reasons[_OPPORTUNITY_REASONS[OpportunityState(outcome)]],
            currency_code="EUR",
            closed_on=NOW.date(),
            closed_by_id=self.user_id,
            created_at=NOW,
        )

    def user(self, **columns: Any) -> models.User:
        """Return another user, without inserting it."""
        return self._new(models.User, columns, name="Bob Reyes", email="bob@example.com", created_at=NOW)

    async def quote(
        self,
        opportunity_id: UUID,
        *,
        state: str = QuoteState.DRAFT,
        lines: Sequence[Mapping[str, Any]] = ({},),
        **columns: Any,
    ) -> UUID:
        """Insert a quote with its lines, with a close activity if it is won or closed, and return its id.

        A line without columns is one product at 1000.00. The total is the sum of the lines.
        """
        quote = self._new(
            models.Quote,
            columns,
            opportunity_id=opportunity_id,
            number=f"QUO-{next(self._numbers)}",
            name="Cranes and crew",
            state=state,
            status_reason=_QUOTE_REASONS[QuoteState(state)],
            currency_code="EUR",
            created_at=A_MONTH_AGO,
            updated_at=A_MONTH_AGO,
        )
        rows = [self._line(quote, position, line) for position, line in enumerate(lines, start=1)]
        quote.total = sum(map(_total, rows), Decimal("0.00"))
        closes = [self._quote_close(quote)] if state in (QuoteState.WON, QuoteState.CLOSED) else []
        await self.insert(quote, *rows, *closes)
        return quote.id

    async def insert(self, *rows: SQLModel) -> None:
        """Insert rows of any tables in one transaction, in the given order."""
        async with self.database.transaction() as transaction:
            for row in rows:
                await transaction.execute(_insert_statement(type(row)), **row.model_dump())

    async def dump(self) -> dict[str, list[Any]]:
        """Return all rows of all organizations by table: if two dumps are equal, nothing changed."""
        async with self.database.transaction() as transaction:
            return {table: await transaction.rows(statement) for table, statement in _ALL_ROWS.items()}

    def _master_data(self) -> list[SQLModel]:
        common: dict[str, Any] = {"organization_id": self.organization_id, "created_at": A_MONTH_AGO}
        return [
            models.Organization(id=self.organization_id, name="Northwind Works", created_at=A_MONTH_AGO),
            models.User(id=self.user_id, name="Ada Quill", email="ada@example.com", **common),
            models.ContractingUnit(id=self.contracting_unit_id, name="Ports", currency_code="EUR", **common),
            models.Account(id=self.account_id, name="Grey Harbour", **common),
            models.Competitor(id=self.competitor_id, name="Lift & Sons", **common),
            *(
                models.StatusReason(id=self.reasons[code], code=code, state=state, label=label, **common)
                for state, code, label in SEEDED_STATUS_REASONS
            ),
        ]

    def _line(self, quote: models.Quote, position: int, columns: Mapping[str, Any]) -> models.QuoteLine:
        return self._new(
            models.QuoteLine,
            columns,
            quote_id=quote.id,
            position=position,
            kind="PRODUCT",
            name="Crane",
            unit_price=Decimal("1000.00"),
            currency_code=quote.currency_code,
        )

    def _quote_close(self, quote: models.Quote) -> models.QuoteClose:
        return self._new(
            models.QuoteClose,
            {},
            quote_id=quote.id,
            reason=quote.status_reason,
            closed_on=NOW.date(),
            closed_by_id=self.user_id,
            created_at=NOW,
        )

    def _new(self, model: type[Row], columns: Mapping[str, Any], **defaults: Any) -> Row:
        return model(**{"organization_id": self.organization_id, "id": new_id(), **defaults, **columns})


def _total(line: models.QuoteLine) -> Decimal:
    return (line.quantity * line.unit_price).quantize(Decimal("0.01"), ROUND_HALF_UP)
