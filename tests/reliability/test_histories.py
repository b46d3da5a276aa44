"""Several clients on one deal at the same time: one after the other could have been told the same."""

import asyncio
import random
from collections.abc import Sequence
from functools import partial
from itertools import chain

import pytest

from db.sql.database import Database
from tests.db.races.race import Write, open_twice
from tests.db.races.unguarded import drop_constraints, write_without_guards
from tests.reliability.support.histories import Told, is_explained, tell
from tests.reliability.support.moves import ON_THE_DEAL, Scene

CLIENTS = 3
MOVES_OF_ONE = 2
AT_ONCE = 5
"""Histories; each is of an organization of its own."""


@pytest.mark.parametrize("histories", [500, pytest.param(10_000, marks=pytest.mark.long)])
async def test_every_history_is_explained_by_some_order(database_url: str, histories: int) -> None:
    async with open_twice(database_url) as databases:
        writes = [database.write for database in databases]
        assert await unexplained(databases[0], writes, list(ON_THE_DEAL), histories) == 0


async def test_without_the_guards_some_histories_are_explained_by_none(database_url: str) -> None:
    await drop_constraints(database_url)
    async with open_twice(database_url) as databases:
        writes = [partial(write_without_guards, database) for database in databases]
        moves = ["activateQuote", "closeOpportunity", "closeQuotes"]
        assert await unexplained(databases[0], writes, moves, 50) > 5


async def unexplained(database: Database, writes: Sequence[Write], moves: list[str], histories: int) -> int:
    """Count the histories of such moves that no order explains."""
    count = 0
    for _ in range(histories // AT_ONCE):
        scenes = [await Scene.create(database) for _ in range(AT_ONCE)]
        happened = await asyncio.gather(*(history(scene, writes, moves) for scene in scenes))
        for scene, told in zip(scenes, happened, strict=True):
            count += not await is_explained(scene, told)
    return count


async def history(scene: Scene, writes: Sequence[Write], moves: list[str]) -> list[Told]:
    """Let the clients make their moves, and return all of them."""
    return list(chain(*await asyncio.gather(*(client(scene, writes, moves) for _ in range(CLIENTS)))))


async def client(scene: Scene, writes: Sequence[Write], moves: list[str]) -> list[Told]:
    chosen = [ON_THE_DEAL[name](scene) for name in random.choices(moves, k=MOVES_OF_ONE)]
    return [await tell(scene, move, random.choice(writes)) for move in chosen]
