import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from db import models
from db.connect import sqlite_path
from db.domain.ids import new_id
from db.maintenance import file_checks
from db.maintenance.file_checks import check_file
from db.maintenance.invariant_checks import check_invariants
from db.maintenance.server_checks import check_server
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder

RESTORE = "Keep the file, restore a backup with `dealdesk restore`, and look for the cause."


@pytest.fixture
def path(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a database, with enough space."""
    monkeypatch.setattr(file_checks, "LITTLE_SPACE", 0)
    path = sqlite_path(sqlite_url)
    path.parent.chmod(0o700)
    return path


def test_a_sound_file_is_told_to_be_so(path: Path) -> None:
    space, *others = told(path)

    assert space.startswith("ok    ")
    assert others == [
        f"ok    {path} is its user's alone.",
        "ok    Journal mode WAL, synchronous FULL, foreign keys enforced.",
        "ok    Every page can be read, and every reference leads somewhere.",
    ]


async def test_every_kind_of_dangling_reference_is_counted(sqlite: Database, path: Path) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    for _ in range(2):
        await builder.opportunity()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE opportunity SET owner_id = 'nobody'")

    assert told(path)[-1] == (
        f"fail  opportunity points at rows of app_user that aren't there: 2 times. {RESTORE}"
    )


@pytest.mark.parametrize("offset", [0, 28672])
def test_a_damaged_file_fails_and_is_not_changed(offset: int, path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 16384)
    damaged = path.read_bytes()

    assert told(path)[-1].startswith("fail  ")
    assert path.read_bytes() == damaged


def test_little_space_and_open_doors_are_warned_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_checks, "LITTLE_SPACE", 2**62)
    path.parent.chmod(0o755)
    path.chmod(0o644)

    space, access, *_ = told(path)

    assert space.startswith("warn  ")
    assert space.endswith(" Make room: a full disk takes no changes, and a backup takes much.")
    assert access == (
        f"warn  Other users of this machine can get at {path}. Keep them out: `chmod 700 {path.parent}`."
    )


async def test_the_tests_server_checks_everything_and_does_not_survive_a_crash(postgresql: Database) -> None:
    durability, *others = [str(finding) async for finding in check_server(postgresql)]

    assert durability == (
        "fail  PostgreSQL loses acknowledged changes in a crash: fsync, full_page_writes, synchronous_commit."
        " Set it to `on`."
    )
    assert others == [
        "ok    The clocks here and of PostgreSQL are 0.0 seconds apart.",
        "ok    PostgreSQL checks every constraint.",
        "ok    Every reference leads somewhere.",
    ]


async def test_what_postgresql_does_not_check_is_named_and_what_came_of_it(
    postgresql: Database, postgresql_url: str
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    await builder.opportunity()
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute("""
        ALTER TABLE account ADD CONSTRAINT named CHECK (name <> '') NOT VALID;
        ALTER TABLE opportunity DISABLE TRIGGER ALL;
        UPDATE opportunity SET owner_id = gen_random_uuid();
    """)
    await connection.close()

    _, _, unchecked, references = [str(finding) async for finding in check_server(postgresql)]

    assert unchecked == (
        "fail  PostgreSQL does not check, or not all rows of: named, triggers of opportunity. Somebody"
        " changed the tables: validate or enable these again, or rebuild an index with REINDEX."
    )
    assert references == (
        "fail  References lead nowhere: opportunity_owner (1). Restore a dump, and look for the cause."
    )


async def test_rows_that_the_rules_wrote_are_well(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    await builder.quote(await builder.opportunity(), state="ACTIVE")
    await builder.quote(await builder.opportunity(state="WON"), state="WON")

    assert [str(finding) async for finding in check_invariants(database, NOW)] == [
        "ok    Every rule of closing holds.",
        "ok    No change is later than now.",
    ]


async def test_rows_that_break_a_rule_are_counted(sqlite: Database, path: Path) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    blocked, closed, reopened = [await builder.opportunity(state="WON") for _ in range(3)]
    await builder.quote(blocked, state="DRAFT")
    await builder.quote(closed, state="WON")
    await builder.quote(closed)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("DROP INDEX one_won_quote")
        for change, opportunity_id in (
            ("UPDATE quote SET state = 'ACTIVE' WHERE opportunity_id = ?", blocked),
            ("UPDATE quote SET state = 'WON' WHERE opportunity_id = ?", closed),
            ("UPDATE opportunity SET close_id = NULL WHERE id = ?", closed),
            ("UPDATE opportunity SET state = 'OPEN' WHERE id = ?", reopened),
        ):
            connection.execute(change, [str(opportunity_id)])

    assert [finding.message async for finding in check_invariants(sqlite, NOW)] == [
        "There are 1 active quotes under closed opportunities.",
        "There are 1 closed opportunities without the activity that closed them.",
        "There are 1 open opportunities with an outcome.",
        "There are 1 opportunities with more than one won quote.",
        "No change is later than now.",
    ]


async def test_a_clock_that_was_ahead_is_noticed(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    await builder.insert(
        models.Audit(
            organization_id=builder.organization_id,
            id=new_id(),
            user_id=builder.user_id,
            action="ACCOUNT_CREATED",
            subject_id=builder.account_id,
            details="{}",
            at=NOW + timedelta(hours=1),
        )
    )

    *_, last = [str(finding) async for finding in check_invariants(database, NOW)]

    assert last == (
        "warn  The last change is of 2026-11-23 13:00:00 UTC, which is yet to come."
        " The clock was ahead, or is behind now: let it follow a time server."
    )


def told(path: Path) -> list[str]:
    return [str(finding) for finding in check_file(path)]
