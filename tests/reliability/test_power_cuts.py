"""A power cut right after an acknowledgement loses nothing that was acknowledged."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db.connect import sqlite_path
from db.sqlite.connection import connect
from db.sqlite.database import SqliteDatabase
from tests.builders import OrganizationBuilder
from tests.db.operations import close
from tests.reliability.support.durable_disk import Disk, durable_disk

CUTS = 120


@pytest.fixture
def disk() -> Iterator[Disk]:
    try:
        with durable_disk() as disk:
            yield disk
    except OSError:
        pytest.skip("SQLite is linked statically into this Python, so its VFS can not be replaced.")


@pytest.mark.parametrize("cuts", [CUTS, pytest.param(5_000, marks=pytest.mark.long)])
async def test_no_power_cut_loses_what_was_acknowledged(
    disk: Disk, sqlite_url: str, tmp_path: Path, cuts: int
) -> None:
    database = await SqliteDatabase.open(str(sqlite_path(sqlite_url)))
    assert await count_losing_cuts(disk, database, sqlite_url, tmp_path, cuts) == 0
    await database.close()


async def test_with_synchronous_normal_most_power_cuts_lose_something(
    disk: Disk, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.sqlite.database.connect", connect_with_synchronous_normal)
    database = await SqliteDatabase.open(str(sqlite_path(sqlite_url)))
    assert await count_losing_cuts(disk, database, sqlite_url, tmp_path, CUTS) > CUTS / 2
    await database.close()


def connect_with_synchronous_normal(path: str, **options: Any) -> sqlite3.Connection:
    connection = connect(path, **options)
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


async def count_losing_cuts(
    disk: Disk, database: SqliteDatabase, url: str, directory: Path, cuts: int
) -> int:
    """Close opportunities; return after how many of them a power cut would lose one."""
    builder = await OrganizationBuilder.create(database)
    acknowledged: set[UUID] = set()
    losing = 0
    for _ in range(cuts):
        acknowledged.add((await close(builder, await builder.opportunity())).opportunity_close_id)
        losing += not acknowledged <= stored_closings(disk.after_power_cut(sqlite_path(url), directory))
    return losing


def stored_closings(path: Path) -> set[UUID]:
    """Return the closings in a database that a power cut left, after checks of its integrity."""
    with closing(sqlite3.connect(f"file:{path}?vfs=unix", uri=True)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return {UUID(id_) for (id_,) in connection.execute("SELECT id FROM opportunity_close")}
