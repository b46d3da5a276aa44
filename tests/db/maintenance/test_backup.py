import asyncio
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from db import models
from db.connect import open_database, sqlite_path
from db.domain.ids import new_id
from db.maintenance import backup as backups
from db.maintenance.backup import BackupFailed, back_up, restore
from db.maintenance.integrity import integrity_errors
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder

DAMAGED = b"no database, and too long to be taken for an empty one" * 100


@pytest.fixture
def path(sqlite_url: str) -> Path:
    return sqlite_path(sqlite_url)


async def test_a_copy_has_all_committed_rows_in_one_private_file(sqlite: Database, path: Path) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    await builder.opportunity(name="Harbour crane retrofit")
    copy = path.with_name("copy.db")

    backup = back_up(path, copy)

    assert names(copy) == ["Harbour crane retrofit"]
    assert (backup.rows, backup.size) == (12, copy.stat().st_size)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert files(path.parent) == ["copy.db", "dealdesk.db", "dealdesk.db-shm", "dealdesk.db-wal"]


async def test_a_copy_taken_during_writes_is_of_one_moment(sqlite: Database, path: Path) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    is_over = asyncio.Event()
    writing = asyncio.create_task(write_pairs(builder, is_over))
    copies = [path.with_name(f"copy{number}.db") for number in range(5)]
    for copy in copies:
        await asyncio.to_thread(back_up, path, copy)
    is_over.set()
    await writing

    pairs = [select(copy, "SELECT name FROM competitor WHERE name GLOB '[0-9]*'") for copy in copies]
    # What one transaction wrote is there or isn't, and so is all that was committed before it.
    assert [sorted(each) for each in pairs] == [
        sorted(f"{number}{half}" for number in range(len(each) // 2) for half in "ab") for each in pairs
    ]
    assert len(pairs[0]) < len(pairs[-1])


async def test_an_existing_file_is_not_overwritten(path: Path) -> None:
    there = path.with_name("there.db")
    there.write_text("mine")

    with pytest.raises(BackupFailed, match=r"already exists\. Choose another file name\."):
        back_up(path, there)

    assert there.read_text() == "mine"


async def test_a_damaged_copy_is_deleted(sqlite: Database, path: Path) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    await builder.opportunity()
    spoil(path, "UPDATE opportunity SET owner_id = 'nowhere'")

    with pytest.raises(BackupFailed) as refusal:
        back_up(path, path.with_name("copy.db"))

    assert str(refusal.value) == (
        "The copy is damaged and was deleted.\n"
        "1 references from opportunity to app_user point at missing rows."
    )
    assert files(path.parent) == ["dealdesk.db", "dealdesk.db-shm", "dealdesk.db-wal"]


async def test_a_copy_that_lacks_rows_is_deleted(
    sqlite: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    await builder.opportunity()
    copy = path.with_name("copy.db")
    back_up(path, copy)
    before = files(path.parent)
    monkeypatch.setattr(backups, "integrity_errors", lose_an_opportunity)

    for act in (
        lambda: back_up(path, path.with_name("other.db")),
        lambda: restore(copy, path, now=NOW),
    ):
        with pytest.raises(BackupFailed) as refusal:
            act()
        assert str(refusal.value) == ("The copy lacks rows of the database and was deleted. Try again.")
        assert files(path.parent) == before
        assert len(names(path)) == 1


async def test_a_copy_replaces_the_database_which_is_kept(path: Path, sqlite_url: str) -> None:
    before = await write_opportunity(sqlite_url, "Before")
    copy = path.with_name("copy.db")
    back_up(path, copy)
    await write_opportunity(sqlite_url, "After")

    kept = restore(copy, path, now=NOW)

    assert kept == path.with_name("dealdesk.db.replaced-20261123T120000Z")
    assert (names(path), names(kept), names(copy)) == (["Before"], ["After", "Before"], ["Before"])
    assert await dump(sqlite_url) == before
    await write_opportunity(sqlite_url, "Later")
    assert names(path) == ["Before", "Later"]


async def test_a_database_that_is_in_use_is_not_replaced(sqlite: Database, path: Path) -> None:
    copy = path.with_name("copy.db")
    back_up(path, copy)
    builder = await OrganizationBuilder.create(sqlite)
    await builder.opportunity(name="Since then")

    with pytest.raises(BackupFailed, match=r"is in use\. Stop the server, then try again\."):
        restore(copy, path, now=NOW)

    assert names(path) == ["Since then"]
    assert files(path.parent) == ["copy.db", "dealdesk.db", "dealdesk.db-shm", "dealdesk.db-wal"]


def test_a_damaged_database_is_kept_unchanged(path: Path) -> None:
    copy = path.with_name("copy.db")
    back_up(path, copy)
    path.write_bytes(DAMAGED)
    Path(f"{path}-wal").write_bytes(b"a log")

    kept = restore(copy, path, now=NOW)

    assert kept is not None
    assert (kept.read_bytes(), Path(f"{kept}-wal").read_bytes()) == (DAMAGED, b"a log")
    assert names(path) == []
    assert not Path(f"{path}-wal").exists()


def test_restoring_where_no_database_was_keeps_nothing(path: Path) -> None:
    back_up(path, path.with_name("copy.db"))
    path.unlink()

    assert restore(path.with_name("copy.db"), path, now=NOW) is None
    assert names(path) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            DAMAGED,
            "can't be read: file is not a database.",
        ),
        (b"", "is not a database of this or an older version of Dealdesk."),
        (None, "There is no backup at "),
    ],
)
def test_a_file_that_is_no_backup_is_not_restored(content: bytes | None, why: str, path: Path) -> None:
    copy = path.with_name("copy.db")
    if content is not None:
        copy.write_bytes(content)
    before = path.read_bytes()

    with pytest.raises(BackupFailed, match=why):
        restore(copy, path, now=NOW)

    assert path.read_bytes() == before


async def write_pairs(builder: OrganizationBuilder, is_over: asyncio.Event) -> None:
    """Write a pair of rows in one transaction, and another one, until it is over."""
    for number in count():
        if is_over.is_set():
            return
        await builder.insert(*(competitor(builder, f"{number}{half}") for half in "ab"))


def competitor(builder: OrganizationBuilder, name: str) -> models.Competitor:
    return models.Competitor(
        organization_id=builder.organization_id, id=new_id(), name=name, created_at=builder.caller.now
    )


def names(path: Path) -> list[str]:
    """Return the names of all opportunities in a file."""
    return select(path, "SELECT name FROM opportunity ORDER BY name")


def files(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def select(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return [value for (value,) in connection.execute(query)]


def spoil(path: Path, statement: str) -> None:
    """Change what the rules and the foreign keys would not let."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def lose_an_opportunity(copy: sqlite3.Connection) -> list[str]:
    """Remove a row of a copy whose pages and references stay sound, and return its faults."""
    [(_, _, file)] = copy.execute("PRAGMA database_list")
    spoil(Path(file), "DELETE FROM opportunity")
    return integrity_errors(copy)


async def write_opportunity(url: str, name: str) -> dict[str, list[Any]]:
    """Write an opportunity of that name, and return what is in the database then."""
    database = await open_database(url)
    try:
        builder = await OrganizationBuilder.create(database)
        await builder.opportunity(name=name)
        return await builder.dump()
    finally:
        await database.close()


async def dump(url: str) -> dict[str, list[Any]]:
    database = await open_database(url)
    try:
        return await OrganizationBuilder(database).dump()
    finally:
        await database.close()
