"""The number of statements, each a round trip: an operation holds its locks for their duration."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
from typing_extensions import override

from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState
from db.opportunities.close import CloseOpportunity, CloseRemainingQuotes, close_opportunity
from db.quotes.activate import activate_quote
from db.quotes.close import CloseQuotes, close_quotes
from db.quotes.transitions import QuoteRef
from db.sql.database import Transaction
from db.sql.statements import Statement
from tests.builders import OrganizationBuilder


async def round_trips(
    builder: OrganizationBuilder, operation: Callable[[Transaction], Awaitable[object]]
) -> int:
    """Return the number of round trips of an operation, besides BEGIN and COMMIT."""
    async with builder.database.transaction() as transaction:
        counted = Counted(transaction)
        await operation(counted)
        return counted.round_trips


class Counted(Transaction):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.round_trips = 0

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        self.round_trips += 1
        return await self._transaction.rows(statement, **values)

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        self.round_trips += 1
        return await self._transaction.execute(statement, **values)

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        self.round_trips += 1
        await self._transaction.execute_many(statement, values)

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        self.round_trips += 1
        return await self._transaction.json(statement, values)


@pytest.mark.parametrize(
    ("options", "trips"),
    [
        ({}, 5),
        ({"close_quotes": CloseRemainingQuotes(reason=QuoteCloseReason.LOST)}, 7),
        ({"idempotency_key": "monday"}, 7),
    ],
)
async def test_closing_an_opportunity_takes_few_round_trips(
    builder: OrganizationBuilder, options: dict[str, Any], trips: int
) -> None:
    opportunity_id = await builder.opportunity()
    for _ in range(3):
        await builder.quote(opportunity_id, state=QuoteState.DRAFT)
    closing = CloseOpportunity(opportunity_id=opportunity_id, outcome=OpportunityState.WON, **options)
    assert await round_trips(builder, lambda it: close_opportunity(it, builder.caller, closing)) == trips


async def test_closing_many_quotes_takes_no_more_round_trips_than_closing_one(
    builder: OrganizationBuilder,
) -> None:
    ids = [await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE) for _ in range(5)]
    one, others = CloseQuotes(ids=tuple(ids[:1])), CloseQuotes(ids=tuple(ids[1:]))
    assert await round_trips(builder, lambda it: close_quotes(it, builder.caller, one)) == 6
    assert await round_trips(builder, lambda it: close_quotes(it, builder.caller, others)) == 6


async def test_activating_a_quote_takes_five_round_trips(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity())
    activation = QuoteRef(quote_id=quote_id)
    assert await round_trips(builder, lambda it: activate_quote(it, builder.caller, activation)) == 5
