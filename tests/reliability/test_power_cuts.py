"""The power goes at the moment in which somebody is told that a deal is closed: it is closed all the same."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from db.connect import sqlite_path
from db.sqlite.database import SqliteDatabase
from tests.builders import OrganizationBuilder
from tests.db.operations import close
from tests.reliability.support.power_cut import Disk, watched_disk

CUTS = 120


@pytest.fixture
def disk() -> Iterator[Disk]:
    try:
        with watched_disk() as disk:
            yield disk
    except OSError:
        pytest.skip("SQLite is a part of this Python, where nothing can be put between it and the disk.")


@pytest.mark.parametrize("cuts", [CUTS, pytest.param(5_000, marks=pytest.mark.long)])
async def test_no_power_cut_loses_what_was_acknowledged(
    disk: Disk, sqlite_url: str, tmp_path: Path, cuts: int
) -> None:
    database = await SqliteDatabase.open(str(sqlite_path(sqlite_url)))
    assert await cuts_that_lose(disk, database, sqlite_url, tmp_path, cuts) == 0
    await database.close()


async def test_without_full_synchronisation_most_power_cuts_lose_something(
    disk: Disk, sqlite_url: str, tmp_path: Path
) -> None:
    database = await SqliteDatabase.open(str(sqlite_path(sqlite_url)))
    await database._writer.run(lambda connection: connection.execute("PRAGMA synchronous=NORMAL"))  # noqa: SLF001 - what is tried nobody should be able to ask for
    assert await cuts_that_lose(disk, database, sqlite_url, tmp_path, CUTS) > CUTS / 2
    await database.close()


async def cuts_that_lose(disk: Disk, database: SqliteDatabase, url: str, directory: Path, cuts: int) -> int:
    """Close so many deals; count after how many of them a power cut would lose one."""
    builder = await OrganizationBuilder.create(database)
    acknowledged: set[UUID] = set()
    losing = 0
    for _ in range(cuts):
        acknowledged.add((await close(builder, await builder.opportunity())).opportunity_close_id)
        losing += not acknowledged <= stored(disk.after_power_cut(sqlite_path(url), directory))
    return losing


def stored(path: Path) -> set[UUID]:
    """Return the closings in what a power cut left, having seen that it is whole."""
    with closing(sqlite3.connect(f"file:{path}?vfs=unix", uri=True)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return {UUID(id_) for (id_,) in connection.execute("SELECT id FROM opportunity_close")}
