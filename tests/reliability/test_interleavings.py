"""Mutations at the same time, in every order in which their statements can come: none goes wrong."""

import random
from collections.abc import Sequence
from itertools import combinations_with_replacement

import pytest

from db.sql.database import Database
from tests.reliability.support.histories import is_explained, tell
from tests.reliability.support.interleaving import Player, Schedule, interleaved
from tests.reliability.support.moves import MOVES, ON_THE_DEAL, Scene
from tests.reliability.support.schedules import AtRandom, all_schedules
from tests.schema.support.client import cached_schema

Names = tuple[str, ...]

PAIRS: list[Names] = list(combinations_with_replacement(MOVES, 2))
ON_ONE_DEAL = [pair for pair in PAIRS if set(pair) <= ON_THE_DEAL.keys()]
OTHERS = [pair for pair in PAIRS if pair not in ON_ONE_DEAL]


def test_the_moves_are_all_mutations() -> None:
    mutations = cached_schema().graphql.mutation_type
    assert mutations is not None
    assert MOVES.keys() == mutations.fields.keys()


async def test_every_interleaving_of_two_mutations_of_a_deal_is_explained(postgresql: Database) -> None:
    assert [pair for pair in ON_ONE_DEAL if not await always_plays_well(postgresql, pair)] == []


async def test_some_interleavings_of_any_other_two_mutations_are_explained(postgresql: Database) -> None:
    assert [pair for pair in OTHERS if not await plays_well(postgresql, pair, AtRandom())] == []


@pytest.mark.long
async def test_every_interleaving_of_any_two_mutations_is_explained(postgresql: Database) -> None:
    assert [pair for pair in PAIRS if not await always_plays_well(postgresql, pair)] == []


@pytest.mark.long
async def test_interleavings_of_three_mutations_are_explained(postgresql: Database) -> None:
    drawn = [tuple(random.choices(list(MOVES), k=3)) for _ in range(10_000)]
    assert [names for names in drawn if not await plays_well(postgresql, names, AtRandom())] == []


async def test_on_sqlite_two_mutations_come_one_after_the_other(sqlite: Database) -> None:
    for names in ON_ONE_DEAL:
        for order in (names, names[::-1]):
            scene = await Scene.create(sqlite)
            told = [await tell(scene, MOVES[name](scene), sqlite.write) for name in order]
            assert await is_explained(scene, told), order


async def always_plays_well(database: Database, names: Names) -> bool:
    return all([await plays_well(database, names, schedule) for schedule in all_schedules()])


async def plays_well(database: Database, names: Sequence[str], schedule: Schedule) -> bool:
    """Let mutations of one deal take turns; say whether some order explains what came of it."""
    scene = await Scene.create(database)
    players = [Player(database) for _ in names]
    writes = [
        tell(scene, MOVES[name](scene), player.write) for name, player in zip(names, players, strict=True)
    ]
    return await is_explained(scene, await interleaved(database, players, writes, schedule))
