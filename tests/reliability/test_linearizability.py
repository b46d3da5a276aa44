"""Concurrent clients on one opportunity: the results are those of some sequential order."""

import asyncio
import random
from collections.abc import Sequence
from functools import partial
from itertools import chain

import pytest

from db.sql.database import Database
from tests.db.races.race import Write, open_twice
from tests.db.races.unguarded import drop_constraints, write_without_guards
from tests.reliability.support.linearizability import CompletedCall, is_linearizable, run_call
from tests.reliability.support.operation_calls import OPPORTUNITY_CALLS, Scenario

CLIENTS = 3
CALLS_PER_CLIENT = 2
CONCURRENT_HISTORIES = 5
"""Each history has an organization of its own."""


@pytest.mark.parametrize("histories", [500, pytest.param(10_000, marks=pytest.mark.long)])
async def test_every_history_is_linearizable(database_url: str, histories: int) -> None:
    async with open_twice(database_url) as databases:
        writes = [database.write for database in databases]
        assert await count_violations(databases[0], writes, list(OPPORTUNITY_CALLS), histories) == 0


async def test_without_locks_and_constraints_some_histories_are_not_linearizable(database_url: str) -> None:
    await drop_constraints(database_url)
    async with open_twice(database_url) as databases:
        writes = [partial(write_without_guards, database) for database in databases]
        names = ["activateQuote", "closeOpportunity", "closeQuotes"]
        assert await count_violations(databases[0], writes, names, 50) > 5


async def count_violations(
    database: Database, writes: Sequence[Write], names: list[str], histories: int
) -> int:
    """Run concurrent histories of these calls; return how many are not linearizable."""
    count = 0
    for _ in range(histories // CONCURRENT_HISTORIES):
        scenarios = [await Scenario.create(database) for _ in range(CONCURRENT_HISTORIES)]
        completed = await asyncio.gather(*(run_history(scenario, writes, names) for scenario in scenarios))
        for scenario, history in zip(scenarios, completed, strict=True):
            count += not await is_linearizable(scenario, history)
    return count


async def run_history(scenario: Scenario, writes: Sequence[Write], names: list[str]) -> list[CompletedCall]:
    """Run the calls of all clients at the same time."""
    return list(chain(*await asyncio.gather(*(run_client(scenario, writes, names) for _ in range(CLIENTS)))))


async def run_client(scenario: Scenario, writes: Sequence[Write], names: list[str]) -> list[CompletedCall]:
    calls = [OPPORTUNITY_CALLS[name](scenario) for name in random.choices(names, k=CALLS_PER_CLIENT)]
    return [await run_call(scenario, call, random.choice(writes)) for call in calls]
