"""Ariadne: the schema first, resolvers bound to it, data loaders."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader
from ariadne import (
    MutationType,
    ObjectType,
    QueryType,
    ScalarType,
    UnionType,
    load_schema_from_path,
    make_executable_schema,
)
from ariadne.asgi import GraphQL
from graphql import GraphQLResolveInfo

from db.models import Opportunity, Quote
from tests.benchmarks.servers.asgi_server import serve
from tests.benchmarks.servers.orm import batch_functions, mutations, queries
from tests.benchmarks.servers.orm.sessions import settings

_Info = GraphQLResolveInfo[dict[str, Any]]

_SCHEMA = Path(__file__).parent.parent / "node" / "schema.graphql"


async def _opportunity(*_: Any, id: str) -> Opportunity | None:  # noqa: A002 - the argument's name
    return await queries.opportunity(UUID(id))


async def _open_opportunities(*_: Any, owner_id: str, first: int) -> Any:
    return await queries.open_opportunities(UUID(owner_id), first)


async def _opportunities(*_: Any, first: int, after: str | None = None) -> queries.Page:
    return await queries.opportunities(first, after)


async def _state_totals(*_: Any) -> list[queries.StateTotal]:
    return await queries.state_totals()


async def _close_quotes(*_: Any, opportunity_id: str) -> dict[str, Any]:
    return {"quotes": await mutations.close_quotes(UUID(opportunity_id))}


async def _close_opportunity(*_: Any, opportunity_id: str) -> Any:
    result = await mutations.close_opportunity(UUID(opportunity_id))
    return result if isinstance(result, mutations.Refusal) else {"opportunity": result}


async def _account(row: Opportunity, info: _Info) -> Any:
    return await info.context["accounts"].load(row.account_id)


async def _owner(row: Opportunity, info: _Info) -> Any:
    return await info.context["users"].load(row.owner_id)


async def _quotes(row: Opportunity, info: _Info) -> Any:
    return await info.context["quotes"].load(row.id)


async def _lines(row: Quote, info: _Info) -> Any:
    return await info.context["lines"].load(row.id)


def _is_expired(row: Quote, _info: _Info) -> bool:
    return row.effective_to is not None and row.effective_to < datetime.now(UTC).date()


def _result_type(result: Any, *_: Any) -> str:
    return "ActiveQuotes" if isinstance(result, mutations.Refusal) else "ClosedOpportunity"


def _object(binding: ObjectType, **resolvers: Any) -> ObjectType:
    for field, resolver in resolvers.items():
        binding.set_field(field, resolver)
    return binding


def _loaders(*_: Any) -> dict[str, Any]:
    return {
        "accounts": DataLoader(batch_functions.accounts),
        "users": DataLoader(batch_functions.users),
        "quotes": DataLoader(batch_functions.quotes),
        "lines": DataLoader(batch_functions.lines),
    }


_schema = make_executable_schema(
    load_schema_from_path(str(_SCHEMA)),
    _object(
        QueryType(),
        opportunity=_opportunity,
        openOpportunities=_open_opportunities,
        opportunities=_opportunities,
        stateTotals=_state_totals,
    ),
    _object(MutationType(), closeQuotes=_close_quotes, closeOpportunity=_close_opportunity),
    _object(ObjectType("Opportunity"), account=_account, owner=_owner, quotes=_quotes),
    _object(ObjectType("Quote"), lines=_lines, isExpired=_is_expired),
    UnionType("CloseOpportunityResult", _result_type),
    ScalarType("Decimal", serializer=str),
    ScalarType("Date", serializer=str),
    ScalarType("DateTime", serializer=datetime.isoformat),
    convert_names_case=True,
)

if __name__ == "__main__":
    serve(GraphQL(_schema, context_value=_loaders, explorer=None), settings.port)
