# Resolvers return ORM rows where GraphQL types are declared, as Strawberry users often do.
# mypy: disable-error-code="no-any-return, return-value, arg-type"
"""Plain Strawberry: types over ORM rows, data loaders, the library's own ASGI view."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from typing_extensions import override

from db import models
from db.domain.enums import OpportunityState, QuoteState
from tests.benchmarks.servers.asgi_server import serve
from tests.benchmarks.servers.orm import batch_functions, mutations, queries
from tests.benchmarks.servers.orm.sessions import settings

strawberry.enum(OpportunityState)
strawberry.enum(QuoteState)


@strawberry.type
class Account:
    id: strawberry.ID
    name: str


@strawberry.type
class User:
    id: strawberry.ID
    name: str


@strawberry.type
class QuoteLine:
    id: strawberry.ID
    name: str
    quantity: Decimal
    total: Decimal
    currency_code: str


@strawberry.type
class Quote:
    id: strawberry.ID
    number: str
    revision: int
    name: str
    state: QuoteState
    total: Decimal
    currency_code: str
    effective_from: date | None
    effective_to: date | None

    @strawberry.field
    def is_expired(self) -> bool:
        return self.effective_to is not None and self.effective_to < datetime.now(UTC).date()

    @strawberry.field
    async def lines(self, info: strawberry.Info, quote: strawberry.Parent[models.Quote]) -> list[QuoteLine]:
        return await info.context["lines"].load(quote.id)


@strawberry.type
class Opportunity:
    id: strawberry.ID
    name: str
    state: OpportunityState
    estimated_revenue: Decimal
    actual_revenue: Decimal | None
    currency_code: str
    estimated_close_date: date | None
    closed_on: date | None
    created_at: datetime

    @strawberry.field
    async def account(self, info: strawberry.Info, row: strawberry.Parent[models.Opportunity]) -> Account:
        return await info.context["accounts"].load(row.account_id)

    @strawberry.field
    async def owner(self, info: strawberry.Info, row: strawberry.Parent[models.Opportunity]) -> User:
        return await info.context["users"].load(row.owner_id)

    @strawberry.field
    async def quotes(self, info: strawberry.Info, row: strawberry.Parent[models.Opportunity]) -> list[Quote]:
        return await info.context["quotes"].load(row.id)


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class OpportunityPage:
    nodes: list[Opportunity]
    page_info: PageInfo


@strawberry.type
class Money:
    amount: Decimal
    currency_code: str


@strawberry.type
class StateTotal:
    state: OpportunityState
    count: int
    revenue: list[Money]
    estimated_revenue: list[Money]


@strawberry.type
class ClosedQuotes:
    quotes: list[Quote]


@strawberry.type
class ClosedOpportunity:
    opportunity: Opportunity


@strawberry.type
class ActiveQuotes:
    code: str
    blocking_quotes: list[Quote]


CloseOpportunityResult = Annotated[
    ClosedOpportunity | ActiveQuotes, strawberry.union("CloseOpportunityResult")
]


@strawberry.type
class Query:
    @strawberry.field
    async def opportunity(self, id: strawberry.ID) -> Opportunity | None:  # noqa: A002 - the argument's name in the schema
        return await queries.opportunity(UUID(id))

    @strawberry.field
    async def open_opportunities(self, owner_id: strawberry.ID, first: int) -> list[Opportunity]:
        return await queries.open_opportunities(UUID(owner_id), first)

    @strawberry.field
    async def opportunities(self, first: int, after: str | None = None) -> OpportunityPage:
        return await queries.opportunities(first, after)

    @strawberry.field
    async def state_totals(self) -> list[StateTotal]:
        return await queries.state_totals()


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def close_quotes(self, opportunity_id: strawberry.ID) -> ClosedQuotes:
        return ClosedQuotes(quotes=await mutations.close_quotes(UUID(opportunity_id)))

    @strawberry.mutation
    async def close_opportunity(self, opportunity_id: strawberry.ID) -> CloseOpportunityResult:
        result = await mutations.close_opportunity(UUID(opportunity_id))
        if isinstance(result, mutations.Refusal):
            return ActiveQuotes(code=result.code, blocking_quotes=result.blocking_quotes)
        return ClosedOpportunity(opportunity=result)


class _App(GraphQL[Any, None]):
    @override
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {
            "accounts": DataLoader(batch_functions.accounts),
            "users": DataLoader(batch_functions.users),
            "quotes": DataLoader(batch_functions.quotes),
            "lines": DataLoader(batch_functions.lines),
        }


if __name__ == "__main__":
    serve(_App(strawberry.Schema(Query, Mutation), graphql_ide=None), settings.port)
