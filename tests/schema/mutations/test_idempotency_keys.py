"""Every mutation with an idempotency key takes effect once and returns the first result again."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type

from db.domain.enums import OpportunityState, QuoteState, SeededReason
from db.domain.ids import new_id
from db.sql.database import Database
from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client, cached_schema

INPUTS: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "createOpportunity": lambda ids: {
        "name": "Lock gates",
        "accountId": ids["account"],
        "contractingUnitId": ids["unit"],
        "estimatedRevenue": "10.00",
    },
    "updateOpportunity": lambda ids: {"opportunityId": ids["open"], "name": "Lock gates"},
    "closeOpportunity": lambda ids: {"opportunityId": ids["idle"], "outcome": {"won": {}}},
    "closeOpportunities": lambda ids: {"opportunityIds": [ids["idle"]], "outcome": {"lost": {}}},
    "reopenOpportunity": lambda ids: {"opportunityId": ids["lost"]},
    "createQuote": lambda ids: {"opportunityId": ids["open"], "name": "Crew"},
    "updateQuote": lambda ids: {"quoteId": ids["draft"], "name": "Crew"},
    "deleteDraftQuote": lambda ids: {"quoteId": ids["draft"]},
    "activateQuote": lambda ids: {"quoteId": ids["draft"]},
    "reviseQuote": lambda ids: {"quoteId": ids["active"]},
    "winQuote": lambda ids: {"quoteId": ids["active"]},
    "closeQuotes": lambda ids: {"quotes": {"ids": [ids["active"], ids["draft"]]}},
    "createAccount": lambda _: {"name": "Dockside"},
    "updateAccount": lambda ids: {"accountId": ids["account"], "name": "Dockside"},
    "createCompetitor": lambda _: {"name": "Hoist Bros"},
    "createStatusReason": lambda _: {"state": "LOST", "label": "Frozen"},
    "retireStatusReason": lambda ids: {"statusReasonId": ids["reason"]},
}
"""An input that succeeds for the objects of ``store_objects``, by mutation."""

ANOTHER = {"expectedVersion": 1, "description": "Another.", "name": "Another", "label": "Another"}
"""Fields that change an input; the first one that its type has is used."""


@pytest.fixture
async def builder(module_database: Database) -> OrganizationBuilder:
    """An organization for one test, in the database of the module."""
    return await OrganizationBuilder.create(module_database)


@pytest.mark.parametrize("mutation", sorted(cached_schema().graphql.mutation_type.fields))  # type: ignore[union-attr]
async def test_every_mutation_with_an_idempotency_key_takes_effect_once(
    builder: OrganizationBuilder, mutation: str
) -> None:
    input_ = {**INPUTS[mutation](await store_objects(builder)), "idempotencyKey": "once"}

    before = await builder.dump()
    refused = await execute(builder, mutation, invalidated(input_))
    assert not succeeds(refused), refused
    assert await builder.dump() == before

    first = await execute(builder, mutation, input_)
    before = await builder.dump()
    assert succeeds(first), first
    assert await execute(builder, mutation, input_) == first

    another = next({name: value} for name, value in ANOTHER.items() if name in input_fields(mutation))
    reused = await execute(builder, mutation, input_ | another)
    assert (reused["code"], reused["path"]) == ("IDEMPOTENCY_KEY_REUSED", ["input", "idempotencyKey"])
    assert await builder.dump() == before


async def store_objects(builder: OrganizationBuilder) -> dict[str, str]:
    """Store opportunities and quotes in several states; return the ids that the inputs use."""
    opportunity_id = await builder.opportunity()
    return {
        "open": f"opp_{opportunity_id}",
        "idle": f"opp_{await builder.opportunity()}",
        "lost": f"opp_{await builder.opportunity(state=OpportunityState.LOST)}",
        "active": f"quo_{await builder.quote(opportunity_id, state=QuoteState.ACTIVE)}",
        "draft": f"quo_{await builder.quote(opportunity_id)}",
        "account": f"acc_{builder.account_id}",
        "unit": f"unit_{builder.contracting_unit_id}",
        "reason": f"rsn_{builder.reasons[SeededReason.CANCELED]}",
    }


def invalidated(value: Any) -> Any:
    """Return the input with ids of missing objects and with empty names."""
    if isinstance(value, dict):
        blank = {"name": "", "label": ""}
        return {key: blank.get(key, invalidated(each)) for key, each in value.items()}
    if isinstance(value, list):
        return [invalidated(each) for each in value]
    return re.sub(r"_[0-9a-f-]{36}$", f"_{new_id()}", value)


async def execute(builder: OrganizationBuilder, mutation: str, input_: dict[str, Any]) -> Any:
    """Return the payload with the ids of its objects."""
    document = f"mutation ($input: {type_of(mutation)}Input!) {{ {mutation}(input: $input) {{ {selection(mutation)} }} }}"
    return (await Client(builder.database, builder.caller).data(document, input=input_))[mutation]


def succeeds(payload: Any) -> bool:
    return str(payload["__typename"]).endswith("Success")


def selection(mutation: str) -> str:
    union: Any = cached_schema().graphql.type_map[f"{type_of(mutation)}Result"]
    assert isinstance(union, GraphQLUnionType)
    [success] = [member for member in union.types if member.name.endswith("Success")]
    shown = (f"{name} {{ id }}" for name, field in success.fields.items() if has_id(field.type))
    return f"__typename ... on {success.name} {{ {' '.join(shown)} }} ... on UserError {{ code path }}"


def has_id(type_: Any) -> bool:
    named = get_named_type(type_)
    return isinstance(named, GraphQLObjectType) and "id" in named.fields


def input_fields(mutation: str) -> Any:
    type_: Any = cached_schema().graphql.type_map[f"{type_of(mutation)}Input"]
    return type_.fields


def type_of(mutation: str) -> str:
    return mutation[0].upper() + mutation[1:]
