"""Which role may use which root field, and the response to a role that may not."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import orjson
import pytest
from graphql import OperationType, extend_schema, parse

from db.domain.caller import Role
from db.domain.enums import OpportunityState
from db.sql.database import Database
from schema.build import build_schema
from schema.execution.executor import Executor, Request
from schema.request.policies import POLICIES, IncompletePoliciesError, Policies
from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client, cached_schema
from tests.schema.support.id_arguments import ID_TYPES, smallest_input
from tests.schema.support.listener import ALL
from tests.schema.support.mutate import mutate, mutate_refused

REOPEN = """
mutation ($input: ReopenOpportunityInput!) {
  reopenOpportunity(input: $input) { __typename ... on UserError { code message path } }
}
"""


MINIMUM_ROLES = {
    ("Query", "viewer"): Role.READER,
    ("Query", "node"): Role.READER,
    ("Query", "nodes"): Role.READER,
    ("Query", "opportunity"): Role.READER,
    ("Query", "opportunities"): Role.READER,
    ("Query", "quote"): Role.READER,
    ("Query", "quotes"): Role.READER,
    ("Query", "accounts"): Role.READER,
    ("Query", "competitors"): Role.READER,
    ("Query", "statusReasons"): Role.READER,
    ("Query", "users"): Role.READER,
    ("Query", "dealAnalytics"): Role.READER,
    ("Query", "latestEventId"): Role.READER,
    ("Mutation", "createOpportunity"): Role.SALES,
    ("Mutation", "updateOpportunity"): Role.SALES,
    ("Mutation", "closeOpportunity"): Role.SALES,
    ("Mutation", "closeOpportunities"): Role.MANAGER,
    ("Mutation", "reopenOpportunity"): Role.MANAGER,
    ("Mutation", "createQuote"): Role.SALES,
    ("Mutation", "updateQuote"): Role.SALES,
    ("Mutation", "deleteDraftQuote"): Role.SALES,
    ("Mutation", "activateQuote"): Role.SALES,
    ("Mutation", "reviseQuote"): Role.SALES,
    ("Mutation", "winQuote"): Role.SALES,
    ("Mutation", "closeQuotes"): Role.SALES,
    ("Mutation", "createAccount"): Role.SALES,
    ("Mutation", "updateAccount"): Role.SALES,
    ("Mutation", "createCompetitor"): Role.MANAGER,
    ("Mutation", "createStatusReason"): Role.ADMIN,
    ("Mutation", "retireStatusReason"): Role.ADMIN,
    ("Subscription", "opportunityChanged"): Role.READER,
    ("Subscription", "opportunitiesChanged"): Role.READER,
}
"""The minimum role of each root field, written down a second time: a changed policy must be changed here too."""

ASCENDING_ROLES = [Role.READER, Role.SALES, Role.MANAGER, Role.ADMIN]


def changed(root: str, field: str, role: Role) -> Policies:
    return Policies({**POLICIES.minimum_roles, root: {**POLICIES.minimum_roles[root], field: role}})


def without(root: str, field: str) -> Policies:
    kept = {name: role for name, role in POLICIES.minimum_roles[root].items() if name != field}
    return Policies({**POLICIES.minimum_roles, root: kept})


def permitted(role: Role, root: str) -> Iterable[str]:
    return [name for name in POLICIES.minimum_roles[root] if POLICIES.allows(role, root, name)]


@pytest.fixture
async def builder(database: Database) -> OrganizationBuilder:
    """An organization whose caller has the role SALES."""
    builder = await OrganizationBuilder.create(database)
    builder.caller = replace(builder.caller, role=Role.SALES)
    return builder


@pytest.fixture
def client(builder: OrganizationBuilder) -> Client:
    return Client(builder.database, builder.caller, build_schema(changed("Query", "quote", Role.MANAGER)))


@pytest.mark.parametrize("root", POLICIES.minimum_roles)
def test_a_root_field_without_a_policy_stops_the_schema_from_building(root: str) -> None:
    extended = extend_schema(cached_schema().graphql, parse(f"extend type {root} {{ forecast: String }}"))
    with pytest.raises(IncompletePoliciesError) as error:
        POLICIES.check(extended)
    assert str(error.value) == f"{root}.forecast has no policy: add its minimum role to POLICIES."


@pytest.mark.parametrize(
    ("root", "field"), [(root, field) for root, fields in POLICIES.minimum_roles.items() for field in fields]
)
def test_a_missing_policy_stops_the_schema_from_building(root: str, field: str) -> None:
    with pytest.raises(IncompletePoliciesError, match=f"{root}.{field} has no policy"):
        without(root, field).check(cached_schema().graphql)


def test_a_policy_without_a_field_stops_the_schema_from_building() -> None:
    with pytest.raises(IncompletePoliciesError) as error:
        build_schema(changed("Mutation", "deleteOpportunity", Role.ADMIN))
    assert str(error.value) == "POLICIES has Mutation.deleteOpportunity, which is not a field: remove it."


def test_no_role_may_use_a_field_without_a_policy() -> None:
    assert [role for role in Role if POLICIES.allows(role, "Mutation", "deleteOpportunity")] == []


def test_each_root_field_has_a_minimum_role() -> None:
    schema = cached_schema().graphql
    roots: list[Any] = [schema.query_type, schema.mutation_type, schema.subscription_type]
    assert MINIMUM_ROLES.keys() == {(root.name, field) for root in roots for field in root.fields}


@pytest.mark.parametrize(("root", "field"), MINIMUM_ROLES)
def test_roles_below_the_minimum_are_refused_and_the_others_are_not(root: str, field: str) -> None:
    minimum = ASCENDING_ROLES.index(MINIMUM_ROLES[root, field])
    allowed = {role: POLICIES.allows(role, root, field) for role in ASCENDING_ROLES}
    assert allowed == {role: index >= minimum for index, role in enumerate(ASCENDING_ROLES)}


@pytest.mark.parametrize("role", Role)
def test_every_role_may_use_every_query_and_subscription(role: Role) -> None:
    for root in ("Query", "Subscription"):
        assert permitted(role, root) == list(POLICIES.minimum_roles[root])


def test_a_reader_may_use_no_mutation() -> None:
    assert permitted(Role.READER, "Mutation") == []


def test_a_higher_role_may_use_more_mutations_than_a_lower_one() -> None:
    allowed = [set(permitted(role, "Mutation")) for role in Role]
    assert all(lower < higher for lower, higher in pairwise(allowed))
    assert allowed[-1] == set(POLICIES.minimum_roles["Mutation"])


def test_the_description_of_a_restricted_field_names_the_roles() -> None:
    mutation: Any = cached_schema().graphql.mutation_type
    assert mutation.fields["reopenOpportunity"].description.endswith(" Roles: MANAGER, ADMIN.")


async def test_a_forbidden_mutation_names_the_permitted_roles_and_changes_nothing(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    assert await mutate_refused(builder, REOPEN, opportunityId=f"opp_{opportunity_id}") == {
        "__typename": "OperationError",
        "code": "FORBIDDEN",
        "message": "reopenOpportunity is for the roles MANAGER, ADMIN; yours is SALES."
        " Ask somebody who has one of them, or for another role.",
        "path": None,
    }


async def test_every_mutation_checks_the_role(builder: OrganizationBuilder) -> None:
    client, before = Client(builder.database, replace(builder.caller, role=Role.READER)), await builder.dump()
    mutation: Any = cached_schema().graphql.mutation_type
    ids = dict.fromkeys(ID_TYPES.values(), "some id")
    for name, field in mutation.fields.items():
        type_ = field.args["input"].type
        document = f"mutation($input: {type_}) {{ {name}(input: $input) {{ ... on UserError {{ code }} }} }}"
        assert await client.data(document, input=smallest_input(name, ids)) == {name: {"code": "FORBIDDEN"}}
    assert await builder.dump() == before


@pytest.mark.parametrize("role", ASCENDING_ROLES)
async def test_a_mutation_is_forbidden_only_for_roles_below_its_minimum(
    builder: OrganizationBuilder, role: Role
) -> None:
    client = Client(builder.database, replace(builder.caller, role=role))
    ids = dict.fromkeys(ID_TYPES.values(), "some id")
    refused_to_role = set()
    for root, name in MINIMUM_ROLES:
        if root == "Mutation":
            type_ = f"{name[0].upper()}{name[1:]}Input!"
            document = (
                f"mutation($input: {type_}) {{ {name}(input: $input) {{ ... on UserError {{ code }} }} }}"
            )
            answer = await client.execute(document, {"input": smallest_input(name, ids)})
            if "FORBIDDEN" in orjson.dumps(answer).decode():
                refused_to_role.add(name)
    level = ASCENDING_ROLES.index(role)
    assert refused_to_role == {
        name
        for (root, name), minimum in MINIMUM_ROLES.items()
        if root == "Mutation" and ASCENDING_ROLES.index(minimum) > level
    }


async def test_a_permitted_role_is_not_refused(builder: OrganizationBuilder) -> None:
    builder.caller = replace(builder.caller, role=Role.MANAGER)
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    answer = await mutate(builder, REOPEN, opportunityId=f"opp_{opportunity_id}")
    assert answer == {"__typename": "ReopenOpportunitySuccess"}


FORBIDDEN_QUOTE = {
    "message": "quote is for the roles MANAGER, ADMIN; yours is SALES."
    " Ask somebody who has one of them, or for another role.",
    "locations": [{"line": 1, "column": 48}],
    "path": ["offer"],
    "extensions": {"code": "FORBIDDEN"},
}


@pytest.mark.parametrize(
    "offer",
    [
        'offer: quote(number: "Q-1") { id }',
        '... on Query { offer: quote(number: "Q-1") { id } }',
        '...Offer } fragment Offer on Query { ...Inner } fragment Inner on Query { offer: quote(number: "Q-1") { id }',
    ],
)
async def test_a_forbidden_field_of_a_query_is_null_and_the_others_are_returned(
    client: Client, offer: str
) -> None:
    answer = await client.execute(f"query Mixed {{ viewer {{ user {{ name }} }} {offer} }}")
    [error] = answer["errors"]
    assert error | {"locations": FORBIDDEN_QUOTE["locations"]} == FORBIDDEN_QUOTE
    assert answer["data"] == {"viewer": {"user": {"name": "Ada Quill"}}, "offer": None}


@pytest.mark.parametrize("included", [False, True])
async def test_a_skipped_forbidden_field_is_no_error(client: Client, *, included: bool) -> None:
    query = 'query($included: Boolean!) { offer: quote(number: "Q-1") @include(if: $included) { id } viewer { user { name } } }'
    answer = await client.execute(query, {"included": included})
    assert ("errors" in answer) == included


async def test_a_cached_document_is_authorized_for_each_role(client: Client) -> None:
    query = '{ quote(number: "Q-1") { id } }'
    assert "errors" in await client.execute(query)
    client.caller = replace(client.caller, role=Role.MANAGER)
    assert await client.execute(query) == {"data": {"quote": None}}
    client.caller = replace(client.caller, role=Role.SALES)
    assert "errors" in await client.execute(query)


async def test_a_forbidden_subscription_is_refused_at_once(builder: OrganizationBuilder) -> None:
    schema = build_schema(changed("Subscription", "opportunitiesChanged", Role.ADMIN))
    request = Request(ALL, operation_types=frozenset(OperationType))
    responses = await Executor(schema, builder.database).stream(request, lambda: builder.caller)
    [answer] = [each async for each in responses]
    [error] = orjson.loads(answer.body)["errors"]
    assert (answer.executed, error["path"], error["extensions"]) == (
        False,
        ["opportunitiesChanged"],
        {"code": "FORBIDDEN"},
    )
