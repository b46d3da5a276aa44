"""Every field, selected by every role of two organizations: no response holds data of another one.

The responses of an organization that is alone in a database are compared with those after others were added:
one with rows of its own, and a twin, whose rows have the same ids and other contents. They must be equal.
"""

from dataclasses import replace
from uuid import UUID

import pytest
from graphql import GraphQLObjectType, is_introspection_type

from db import models
from db.audit.events import START
from db.domain.caller import Role
from db.sql.database import Database
from schema.execution.executor import Executor
from schema.planner.global_ids import encode_id
from schema.request.policies import POLICIES
from tests.builders import OrganizationBuilder
from tests.schema.support.client import UNLIMITED, Client, cached_schema
from tests.schema.support.full_selections import full_selections
from tests.schema.support.id_arguments import ID_TYPES, IdArgument, id_arguments, payloads
from tests.schema.support.listener import subscribed, write_events
from tests.schema.support.organization_data import OrganizationData, key, organization_data, twin_of
from tests.schema.support.root_queries import RootQueries
from tests.schema.support.unscoped_database import UnscopedDatabase

OURS, THEIRS = organization_data(1, 12), organization_data(2, 9)
MISSING = key(9, 9, 9)
ROOT_QUERIES = RootQueries(OURS, THEIRS)
PAYLOADS = payloads()
SCHEMA = cached_schema().graphql
EVENT = full_selections(SCHEMA, map(SCHEMA.get_type, [*cached_schema().catalog.tables, "OpportunityEvent"]))[
    -1
]
TO_ALL = f"subscription($after: String) {{ opportunitiesChanged(after: $after) {EVENT} }}"
TO_ONE = f"subscription($id: ID!, $after: String) {{ opportunityChanged(id: $id, after: $after) {EVENT} }}"
FIRST_POSITION = str(START)


def test_the_tests_cover_every_field() -> None:
    selected = EVENT.fields().union(ROOT_QUERIES.fields, *(each.fields() for each in PAYLOADS.values()))
    roots = {(root, name) for root in ("Mutation", "Subscription") for name in POLICIES.minimum_roles[root]}
    types = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLObjectType)]
    existing = {
        (each.name, name) for each in types for name in each.fields if not is_introspection_type(each)
    }
    assert selected | roots == existing


def as_(client: Client, organization: OrganizationData, role: Role) -> Client:
    client.caller = replace(organization.caller, role=role)
    return client


@pytest.mark.parametrize("first", [OURS, THEIRS], ids=["ours", "theirs"])
async def test_no_response_to_any_role_changes_when_other_organizations_are_added(
    database: Database, first: OrganizationData
) -> None:
    client = Client(database, first.caller)
    await first.store(database)
    alone = await ROOT_QUERIES.answers(client)
    await (THEIRS if first is OURS else OURS).store(database)
    await twin_of(OURS).store(database)
    for role in Role:
        assert await ROOT_QUERIES.answers(as_(client, first, role)) == alone
    if first is OURS:
        assert await ROOT_QUERIES.answers(client, by_core=True) == alone


@pytest.fixture
async def three_organizations(postgresql: Database) -> Database:
    for each in (OURS, THEIRS, twin_of(OURS)):
        await each.store(postgresql)
    return postgresql


async def test_row_security_alone_keeps_every_response_unchanged(three_organizations: Database) -> None:
    filtered, unfiltered = (
        Client(three_organizations, OURS.caller),
        Client(UnscopedDatabase(three_organizations), OURS.caller),
    )
    for each in (OURS, THEIRS):
        expected = await ROOT_QUERIES.answers(as_(filtered, each, Role.READER))
        for role in Role:
            assert await ROOT_QUERIES.answers(as_(unfiltered, each, role)) == expected


async def test_without_filter_and_row_security_everything_leaks(three_organizations: Database) -> None:
    client = Client(UnscopedDatabase(three_organizations, shows_all=True), THEIRS.caller)
    number = sum(len(each.ids(models.Opportunity)) for each in (OURS, THEIRS, twin_of(OURS)))
    assert await client.data("{ opportunities { totalCount } }") == {"opportunities": {"totalCount": number}}


def own_ids() -> dict[str, str]:
    """Return the ids of own objects that mutations take: an open opportunity, its draft with lines, and so on."""
    are_open = {row["id"] for row in OURS.rows[models.Opportunity] if row["state"] == "OPEN"}
    quotes = (row for row in OURS.rows[models.Quote] if row["opportunity_id"] in are_open)
    drafts = {row["id"]: row for row in quotes if row["state"] == "DRAFT"}
    line = next(row for row in OURS.rows[models.QuoteLine] if row["quote_id"] in drafts)
    draft = drafts[line["quote_id"]]
    named = {"Opportunity": draft["opportunity_id"], "Quote": draft["id"], "QuoteLine": line["id"]}
    tables = cached_schema().catalog.tables
    return {
        name: encode_id(tables[name].prefix, named.get(name) or OURS.ids(tables[name].model)[0])
        for name in set(ID_TYPES.values())
    }


def foreign(naming: IdArgument) -> UUID:
    return THEIRS.ids(cached_schema().catalog.tables[naming.type_name].model)[0]


async def response_without_id(client: Client, naming: IdArgument, id_: UUID) -> str:
    """Return the response to a mutation with an id, without that id."""
    sent = encode_id(cached_schema().catalog.tables[naming.type_name].prefix, id_)
    body = await client.body(
        naming.document(PAYLOADS[naming.mutation]), {"input": naming.input(sent, own_ids())}
    )
    return body.decode().replace(str(id_), "")


async def test_a_foreign_id_gets_the_response_of_a_missing_one_and_nothing_changes(
    database: Database,
) -> None:
    for each in (OURS, THEIRS):
        await each.store(database)
    client, before = Client(database, OURS.caller), await OrganizationBuilder(database).dump()
    for naming in id_arguments():
        for role in Role:
            answer = await response_without_id(as_(client, OURS, role), naming, foreign(naming))
            assert answer == await response_without_id(client, naming, MISSING), str(naming)
            assert '"__typename":"' in answer
        # The response to an administrator names the path of this id.
        assert all(f'"{step}"' in answer for step in naming.path)
    assert await OrganizationBuilder(database).dump() == before


async def test_row_security_alone_makes_a_foreign_id_like_a_missing_one(
    three_organizations: Database,
) -> None:
    client, before = (
        Client(UnscopedDatabase(three_organizations), OURS.caller),
        await OrganizationBuilder(three_organizations).dump(),
    )
    for naming in id_arguments():
        for role in Role:
            answer = await response_without_id(as_(client, OURS, role), naming, foreign(naming))
            assert answer == await response_without_id(client, naming, MISSING), str(naming)
    assert await OrganizationBuilder(three_organizations).dump() == before


@pytest.mark.parametrize("is_filtered", [True, False])
async def test_an_idempotency_key_of_another_organization_is_a_new_one(
    postgresql: Database, *, is_filtered: bool
) -> None:
    database = postgresql if is_filtered else UnscopedDatabase(postgresql)
    for each in (OURS, twin_of(OURS)):
        await each.store(postgresql)
    create = """mutation($name: String!) {
        createAccount(input: {name: $name, idempotencyKey: "monday"}) {
            ... on CreateAccountSuccess { account { id name } }
        }
    }"""
    accounts = [
        (await Client(database, each.caller).data(create, name=name))["createAccount"]["account"]
        for each, name in ((OURS, "Ours"), (twin_of(OURS), "Theirs"))
    ]
    assert [account["name"] for account in accounts] == ["Ours", "Theirs"]
    assert accounts[0]["id"] != accounts[1]["id"]


@pytest.mark.parametrize("is_filtered", [True, False])
async def test_no_role_receives_events_of_another_organization(
    postgresql: Database, *, is_filtered: bool
) -> None:
    ours, theirs = [await OrganizationBuilder.create(postgresql) for _ in range(2)]
    own, other = await ours.opportunity(), await theirs.opportunity()
    database = postgresql if is_filtered else UnscopedDatabase(postgresql)
    executor = Executor(cached_schema(), database, limits=UNLIMITED)
    await write_events(executor, ours, own)
    for role in Role:
        ours.caller = replace(ours.caller, role=role)
        async with (
            subscribed(executor, ours, TO_ALL, after=FIRST_POSITION) as to_all,
            subscribed(executor, ours, TO_ONE, after=FIRST_POSITION, id=f"opp_{other}") as to_theirs,
        ):
            received = await to_all.wait_for_events(1)
            await write_events(executor, theirs, other)
            await write_events(executor, ours, own)
            await to_all.wait_for_events(len(received) + 1)
        assert {event["opportunity"]["id"] for event in to_all.events} == {f"opp_{own}"}
        assert to_theirs.responses == []
