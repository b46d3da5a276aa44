"""Concurrent operations, in every order of their statements, give results of some sequential order."""

import random
from collections.abc import Sequence
from itertools import combinations_with_replacement

import pytest

from db.sql.database import Database
from tests.reliability.support.interleaving import Schedule, Writer, run_interleaved
from tests.reliability.support.linearizability import is_linearizable, run_call
from tests.reliability.support.operation_calls import CALLS, OPPORTUNITY_CALLS, Scenario
from tests.reliability.support.schedules import RandomSchedule, all_schedules
from tests.schema.support.client import cached_schema

Names = tuple[str, ...]

PAIRS: list[Names] = list(combinations_with_replacement(CALLS, 2))
ON_ONE_OPPORTUNITY = [pair for pair in PAIRS if set(pair) <= OPPORTUNITY_CALLS.keys()]
OTHER_PAIRS = [pair for pair in PAIRS if pair not in ON_ONE_OPPORTUNITY]


def test_the_calls_cover_all_mutations() -> None:
    mutations = cached_schema().graphql.mutation_type
    assert mutations is not None
    assert CALLS.keys() == mutations.fields.keys()


async def test_every_interleaving_of_two_calls_on_an_opportunity_is_linearizable(
    postgresql: Database,
) -> None:
    assert [pair for pair in ON_ONE_OPPORTUNITY if not await are_all_linearizable(postgresql, pair)] == []


async def test_a_random_interleaving_of_any_other_two_calls_is_linearizable(postgresql: Database) -> None:
    assert [
        pair
        for pair in OTHER_PAIRS
        if not await is_interleaving_linearizable(postgresql, pair, RandomSchedule())
    ] == []


@pytest.mark.long
async def test_every_interleaving_of_any_two_calls_is_linearizable(postgresql: Database) -> None:
    assert [pair for pair in PAIRS if not await are_all_linearizable(postgresql, pair)] == []


@pytest.mark.long
async def test_random_interleavings_of_three_calls_are_linearizable(postgresql: Database) -> None:
    triples = [tuple(random.choices(list(CALLS), k=3)) for _ in range(10_000)]
    assert [
        names
        for names in triples
        if not await is_interleaving_linearizable(postgresql, names, RandomSchedule())
    ] == []


async def test_two_calls_on_sqlite_in_either_order_are_linearizable(sqlite: Database) -> None:
    for names in ON_ONE_OPPORTUNITY:
        for order in (names, names[::-1]):
            scenario = await Scenario.create(sqlite)
            history = [await run_call(scenario, CALLS[name](scenario), sqlite.write) for name in order]
            assert await is_linearizable(scenario, history), order


async def are_all_linearizable(database: Database, names: Names) -> bool:
    return all(
        [await is_interleaving_linearizable(database, names, schedule) for schedule in all_schedules()]
    )


async def is_interleaving_linearizable(database: Database, names: Sequence[str], schedule: Schedule) -> bool:
    """Run calls on one opportunity in the order of a schedule; return whether the result is linearizable."""
    scenario = await Scenario.create(database)
    writers = [Writer(database) for _ in names]
    writes = [
        run_call(scenario, CALLS[name](scenario), writer.write)
        for name, writer in zip(names, writers, strict=True)
    ]
    return await is_linearizable(scenario, await run_interleaved(database, writers, writes, schedule))
