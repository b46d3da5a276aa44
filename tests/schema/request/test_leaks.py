"""Every field, asked by every role of two organizations: nothing in any answer comes from another one.

An organization is asked everything while it is alone in a database, and again when others have come: one with
rows of its own, and a twin, whose rows have the same ids and other contents. Each answer has to stay the same.
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
QUESTIONS = RootQueries(OURS, THEIRS)
PAYLOADS = payloads()
SCHEMA = cached_schema().graphql
EVENT = full_selections(SCHEMA, map(SCHEMA.get_type, [*cached_schema().catalog.tables, "OpportunityEvent"]))[
    -1
]
TO_ALL = f"subscription($after: String) {{ opportunitiesChanged(after: $after) {EVENT} }}"
TO_ONE = f"subscription($id: ID!, $after: String) {{ opportunityChanged(id: $id, after: $after) {EVENT} }}"
FIRST_POSITION = str(START)


def test_no_field_is_left_out() -> None:
    asked = EVENT.fields().union(QUESTIONS.fields, *(each.fields() for each in PAYLOADS.values()))
    roots = {(root, name) for root in ("Mutation", "Subscription") for name in POLICIES.minimum_roles[root]}
    types = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLObjectType)]
    there = {(each.name, name) for each in types for name in each.fields if not is_introspection_type(each)}
    assert asked | roots == there


def as_(client: Client, organization: OrganizationData, role: Role) -> Client:
    client.caller = replace(organization.caller, role=role)
    return client


@pytest.mark.parametrize("first", [OURS, THEIRS], ids=["ours", "theirs"])
async def test_no_answer_to_any_role_changes_when_other_organizations_come(
    database: Database, first: OrganizationData
) -> None:
    client = Client(database, first.caller)
    await first.store(database)
    alone = await QUESTIONS.answers(client)
    await (THEIRS if first is OURS else OURS).store(database)
    await twin_of(OURS).store(database)
    for role in Role:
        assert await QUESTIONS.answers(as_(client, first, role)) == alone
    if first is OURS:
        assert await QUESTIONS.answers(client, by_core=True) == alone


@pytest.fixture
async def crowded(postgresql: Database) -> Database:
    for each in (OURS, THEIRS, twin_of(OURS)):
        await each.store(postgresql)
    return postgresql


async def test_no_answer_changes_without_the_application_s_own_filter(crowded: Database) -> None:
    filtered, unfiltered = Client(crowded, OURS.caller), Client(UnscopedDatabase(crowded), OURS.caller)
    for each in (OURS, THEIRS):
        expected = await QUESTIONS.answers(as_(filtered, each, Role.READER))
        for role in Role:
            assert await QUESTIONS.answers(as_(unfiltered, each, role)) == expected


async def test_without_row_level_security_either_everything_leaks(crowded: Database) -> None:
    client = Client(UnscopedDatabase(crowded, shows_all=True), THEIRS.caller)
    number = sum(len(each.ids(models.Opportunity)) for each in (OURS, THEIRS, twin_of(OURS)))
    assert await client.data("{ opportunities { totalCount } }") == {"opportunities": {"totalCount": number}}


def own_ids() -> dict[str, str]:
    """Return what a mutation may name of our own: an open opportunity, a draft of it with lines, and so on."""
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


async def told(client: Client, naming: IdArgument, id_: UUID) -> str:
    """Return what is answered to a mutation that names a thing, without its id."""
    sent = encode_id(cached_schema().catalog.tables[naming.type_name].prefix, id_)
    body = await client.body(
        naming.document(PAYLOADS[naming.mutation]), {"input": naming.input(sent, own_ids())}
    )
    return body.decode().replace(str(id_), "")


async def test_a_foreign_id_is_answered_like_a_missing_one_and_nothing_changes(database: Database) -> None:
    for each in (OURS, THEIRS):
        await each.store(database)
    client, before = Client(database, OURS.caller), await OrganizationBuilder(database).dump()
    for naming in id_arguments():
        for role in Role:
            answer = await told(as_(client, OURS, role), naming, foreign(naming))
            assert answer == await told(client, naming, MISSING), str(naming)
            assert '"__typename":"' in answer
        # An administrator is told that it is this id that is wrong.
        assert all(f'"{step}"' in answer for step in naming.path)
    assert await OrganizationBuilder(database).dump() == before


async def test_a_foreign_id_is_like_a_missing_one_without_the_application_s_own_filter(
    crowded: Database,
) -> None:
    client, before = Client(UnscopedDatabase(crowded), OURS.caller), await OrganizationBuilder(crowded).dump()
    for naming in id_arguments():
        for role in Role:
            answer = await told(as_(client, OURS, role), naming, foreign(naming))
            assert answer == await told(client, naming, MISSING), str(naming)
    assert await OrganizationBuilder(crowded).dump() == before


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
async def test_no_role_is_told_of_events_of_another_organization(
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
            heard = await to_all.wait_for_events(1)
            await write_events(executor, theirs, other)
            await write_events(executor, ours, own)
            await to_all.wait_for_events(len(heard) + 1)
        assert {event["opportunity"]["id"] for event in to_all.events} == {f"opp_{own}"}
        assert to_theirs.responses == []
