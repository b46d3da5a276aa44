"""Reads and writes of the embedded database at the same time."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Integer, String, cast, delete, func, literal, select

from db import models
from db.connect import open_database, sqlite_path
from db.domain.errors import Unavailable
from db.migrations.runner import migrate
from db.sql.database import Database
from db.sql.statements import Statement
from db.sql.tables import table_of
from db.sqlite.connection import connect
from db.sqlite.database import READER_COUNT
from tests.db.sql.test_database import add, names

_numbers = select(literal(1, Integer).label("number")).cte("numbers", recursive=True)
_numbers = _numbers.union_all(select(_numbers.c.number + 1).where(_numbers.c.number < 1_000_000_000))
ENDLESS = Statement(select(cast(func.count(_numbers.c.number), String).label("count")))
ONE = Statement(select(cast(literal(1, Integer), String).label("one")))


async def test_reads_do_not_wait_for_a_long_one(sqlite: Database) -> None:
    long = [asyncio.create_task(sqlite.json(ENDLESS, {})) for _ in range(READER_COUNT - 1)]
    async with asyncio.timeout(5):
        for _ in range(10):
            assert await sqlite.json(ONE, {}) == b"1"
    assert not any(each.done() for each in long)
    for each in long:
        each.cancel()
    await asyncio.wait(long)


async def test_closing_waits_for_the_writes_and_reads_that_have_begun(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    writes = [asyncio.create_task(database.write(lambda it: add(it, "Northwind Works"))) for _ in range(6)]
    reads = [asyncio.create_task(database.json(ONE, {})) for _ in range(6)]
    await asyncio.sleep(0)
    await database.close()
    async with asyncio.timeout(5):
        assert await asyncio.gather(*reads) == [b"1"] * 6
        await asyncio.gather(*writes)


@pytest.mark.parametrize(
    ("setting", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_a_connection_has_the_settings_that_the_rules_rely_on(
    sqlite_url: str, setting: str, value: object
) -> None:
    with closing(connect(str(sqlite_path(sqlite_url)))) as connection:
        assert connection.execute(f"PRAGMA {setting}").fetchone()[0] == value


async def test_a_read_can_not_write(sqlite: Database) -> None:
    organization = table_of(models.Organization)
    await sqlite.write(lambda transaction: add(transaction, "Northwind Works"))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await sqlite.json(Statement(delete(organization).returning(organization.c.name)), {})
    assert await names(sqlite) == ["Northwind Works"]


@pytest.fixture
def permissive_umask(tmp_path: Path) -> Iterator[None]:
    """Let everybody access new files, and the directory of the test."""
    tmp_path.chmod(0o777)
    before = os.umask(0)
    yield
    os.umask(before)


def modes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}


@pytest.mark.usefixtures("permissive_umask")
async def test_a_new_file_and_its_logs_can_be_accessed_by_their_owner_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'team.db'}"
    await migrate(url)
    database = await open_database(url)
    await database.write(lambda transaction: add(transaction, "Northwind Works"))

    assert modes(tmp_path) == {"team.db": 0o600, "team.db-wal": 0o600, "team.db-shm": 0o600}

    await database.close()


@pytest.mark.usefixtures("permissive_umask")
def test_a_new_file_behind_a_link_can_be_accessed_by_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "team.db")
    connect(str(tmp_path / "link.db")).close()

    assert (tmp_path / "team.db").stat().st_mode & 0o777 == 0o600


def test_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "team.db"
    path.touch()
    path.chmod(0o640)
    connect(str(path)).close()

    assert modes(tmp_path) == {"team.db": 0o640}


def test_a_file_that_can_not_be_created_is_reported(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="The embedded database can't be opened: No such file or directory"):
        connect(str(tmp_path / "missing" / "team.db"))

    assert list(tmp_path.iterdir()) == []
