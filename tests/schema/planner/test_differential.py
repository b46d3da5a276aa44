"""Random operations, answered by one plan and executed by graphql-core, have the same responses."""

import json
import random
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

from tests.schema.conftest import Readable
from tests.schema.planner.argument_values import gather
from tests.schema.planner.random_operations import Operation, generate
from tests.schema.support.client import Client, PlannedClient, cached_schema

DOCUMENTS = 250
TIMES = 6
"""Executions of a document, each with other variables: 1,500 operations on each database."""

DEEPEST = {"sqlite": 5 if sqlite3.sqlite_version_info >= (3, 46) else 4, "postgresql": 5}
"""The depth of selections; before 3.46, SQLite's parser takes no more than a hundred open tokens."""


async def test_plans_and_graphql_core_return_the_same_responses(readable: Readable) -> None:
    seed = random.getrandbits(32)
    material = await gather(readable, Random(seed))
    deepest = DEEPEST[readable.database.dialect.name]
    operations = [
        generate(cached_schema().graphql, material, Random(f"{seed}/{number}"), deepest, TIMES)
        for number in range(DOCUMENTS)
    ]
    assert sum(len(each.variables) for each in operations) == 1500

    planned = PlannedClient(readable.database, readable.ours.caller)
    assert await differences(planned, Client(readable.database, readable.ours.caller), operations) == []


async def test_a_wrong_source_is_detected(readable: Readable) -> None:
    right = cached_schema()
    sources = right.catalog.sources
    opportunity = {**sources["Opportunity"], "name": sources["Opportunity"]["externalReference"]}
    wrong = replace(right, catalog=replace(right.catalog, sources={**sources, "Opportunity": opportunity}))
    untouched = Operation("query", "opportunities { nodes { id } }", "", [{}])
    touched = Operation("query", "opportunities { nodes { name } }", "", [{}])

    planned = PlannedClient(readable.database, readable.ours.caller, wrong)
    core = Client(readable.database, readable.ours.caller)
    assert await differences(planned, core, [untouched, touched]) == [describe(touched, {})]


async def differences(planned: Client, core: Client, operations: Iterable[Operation]) -> list[str]:
    """Return the operations whose responses differ, if only in the order of an object's fields."""
    executions = [(operation, variables) for operation in operations for variables in operation.variables]
    return [describe(*each) for each in executions if await differ(planned, core, *each)]


async def differ(planned: Client, core: Client, operation: Operation, variables: dict[str, Any]) -> bool:
    try:
        body = await planned.body(operation.text, variables)
        core_body = await core.body(operation.text_with_introspection, variables)
    except Exception as error:
        error.add_note(describe(operation, variables))
        raise
    return bool(pairs(body) != without_introspection(pairs(core_body)))


def pairs(body: bytes) -> Any:
    """Parse JSON with its objects as lists of pairs, which show the order and duplicate keys."""
    return json.loads(body, object_pairs_hook=list)


def without_introspection(response: Any) -> Any:
    match response:
        case [("data", [("__schema", _), *others])]:
            return [("data", others)]
    return response


def describe(operation: Operation, variables: dict[str, Any]) -> str:
    return f"{operation.text}\n{json.dumps(variables)}"
