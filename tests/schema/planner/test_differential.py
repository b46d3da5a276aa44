"""The same plans handed out in two ways: whole, as the database wrote it, and field by field."""

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
from tests.schema.support.client import Client, PassThroughClient, cached_schema

DOCUMENTS = 250
TIMES = 6
"""How often a document is asked, each time with other variables: 1,500 operations on each database."""

DEEPEST = {"sqlite": 5 if sqlite3.sqlite_version_info >= (3, 46) else 4, "postgresql": 5}
"""How deep selections go; before 3.46, SQLite's parser takes no more than a hundred open tokens."""


async def test_the_pass_through_and_graphql_core_answer_alike(readable: Readable) -> None:
    seed = random.getrandbits(32)
    material = await gather(readable, Random(seed))
    deepest = DEEPEST[readable.database.dialect.name]
    operations = [
        generate(cached_schema().graphql, material, Random(f"{seed}/{number}"), deepest, TIMES)
        for number in range(DOCUMENTS)
    ]
    assert sum(len(each.variables) for each in operations) == 1500

    passing = PassThroughClient(readable.database, readable.ours.caller)
    assert await differences(passing, Client(readable.database, readable.ours.caller), operations) == []


async def test_a_wrong_plan_is_noticed(readable: Readable) -> None:
    right = cached_schema()
    sources = right.catalog.sources
    opportunity = {**sources["Opportunity"], "name": sources["Opportunity"]["externalReference"]}
    wrong = replace(right, catalog=replace(right.catalog, sources={**sources, "Opportunity": opportunity}))
    untouched = Operation("query", "opportunities { nodes { id } }", "", [{}])
    touched = Operation("query", "opportunities { nodes { name } }", "", [{}])

    passing = PassThroughClient(readable.database, readable.ours.caller, wrong)
    core = Client(readable.database, readable.ours.caller)
    assert await differences(passing, core, [untouched, touched]) == [shown(touched, {})]


async def differences(passing: Client, core: Client, operations: Iterable[Operation]) -> list[str]:
    """Return what was asked where the answers differ, be it in the order of an object's fields."""
    asked = [(operation, variables) for operation in operations for variables in operation.variables]
    return [shown(*each) for each in asked if await differ(passing, core, *each)]


async def differ(passing: Client, core: Client, operation: Operation, variables: dict[str, Any]) -> bool:
    try:
        passed = await passing.body(operation.text, variables)
        answered = await core.body(operation.text_with_introspection, variables)
    except Exception as error:
        error.add_note(shown(operation, variables))
        raise
    return bool(pairs(passed) != without_introspection(pairs(answered)))


def pairs(body: bytes) -> Any:
    """Read JSON with its objects as pairs, so that their order counts, and so does a doubled key."""
    return json.loads(body, object_pairs_hook=list)


def without_introspection(answer: Any) -> Any:
    match answer:
        case [("data", [("__schema", _), *others])]:
            return [("data", others)]
    return answer


def shown(operation: Operation, variables: dict[str, Any]) -> str:
    return f"{operation.text}\n{json.dumps(variables)}"
