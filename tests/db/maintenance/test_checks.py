import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from db import models
from db.connect import sqlite_path
from db.domain.ids import new_id
from db.maintenance import file_checks, server_checks
from db.maintenance.file_checks import check_file
from db.maintenance.invariant_checks import check_invariants
from db.maintenance.server_checks import check_server
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder

RESTORE = "Keep the file, restore a backup with `dealdesk restore`, and look for the cause."


@pytest.fixture
def path(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a database, with enough space."""
    monkeypatch.setattr(file_checks, "MIN_FREE_BYTES", 0)
    path = sqlite_path(sqlite_url)
    path.parent.chmod(0o700)
    return path


def test_an_intact_file_has_only_ok_findings(path: Path) -> None:
    space, *others = findings(path)

    assert space.startswith("ok    ")
    assert others == [
        f"ok    Only its owner can access {path}.",
        "ok    Journal mode WAL, synchronous FULL, foreign keys enforced.",
        "ok    Every page is readable and every foreign key resolves.",
    ]


async def test_missing_rows_are_counted_per_reference(sqlite: Database, path: Path) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    for _ in range(2):
        await builder.opportunity()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE opportunity SET owner_id = 'nobody'")

    assert findings(path)[-1] == (
        f"fail  2 references from opportunity to app_user point at missing rows. {RESTORE}"
    )


@pytest.mark.parametrize("offset", [0, 28672])
def test_a_damaged_file_fails_and_is_not_changed(offset: int, path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 16384)
    damaged = path.read_bytes()

    assert findings(path)[-1].startswith("fail  ")
    assert path.read_bytes() == damaged


def test_little_space_and_open_permissions_are_warnings(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_checks, "MIN_FREE_BYTES", 2**62)
    path.parent.chmod(0o755)
    path.chmod(0o644)

    space, access, *_ = findings(path)

    assert space.startswith("warn  ")
    assert space.endswith(
        " Free some space: on a full disk changes fail, and a backup needs space for a copy."
    )
    assert access == (
        f"warn  Other users of this machine can access {path}. Restrict it: `chmod 700 {path.parent}`."
    )


async def test_the_tests_server_enforces_everything_and_is_not_durable(postgresql: Database) -> None:
    durability, clock, _zones, *others = [str(finding) async for finding in check_server(postgresql)]

    assert durability == (
        "fail  PostgreSQL can lose acknowledged changes in a crash: fsync, full_page_writes,"
        " synchronous_commit off. Turn these settings on."
    )
    assert clock == "ok    The clocks of this machine and of PostgreSQL differ by 0.0 seconds."
    assert others == [
        "ok    PostgreSQL enforces every constraint.",
        "ok    Every foreign key resolves.",
    ]


async def test_time_zones_that_postgresql_reckons_otherwise_are_named(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_zone(name: str) -> ZoneInfo:
        return ZoneInfo("Asia/Tokyo" if name == "Europe/Berlin" else name)

    monkeypatch.setattr(server_checks, "time_zone_names", lambda: {"Asia/Tokyo", "Europe/Berlin", "UTC"})
    monkeypatch.setattr(server_checks, "time_zone", time_zone)
    _, _, zones, *_ = [str(finding) async for finding in check_server(postgresql)]

    assert zones.startswith("warn  PostgreSQL reckons with another version of 1 time zones: Europe/Berlin.")

    monkeypatch.setattr(server_checks, "time_zone", ZoneInfo)
    _, _, zones, *_ = [str(finding) async for finding in check_server(postgresql)]
    assert zones == "ok    PostgreSQL has the time zones of the tzdata package."


async def test_constraints_not_enforced_and_their_missing_rows_are_named(
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

    _, _, _, unchecked, references = [str(finding) async for finding in check_server(postgresql)]

    assert unchecked == (
        "fail  PostgreSQL does not enforce, or not in all rows: named, triggers of opportunity."
        " Validate the constraints, enable the triggers, and rebuild the indexes with REINDEX."
    )
    assert references == (
        "fail  Foreign keys point at missing rows: opportunity_owner (1)."
        " Restore a backup and look for the cause."
    )


async def test_rows_written_by_the_rules_have_only_ok_findings(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    await builder.quote(await builder.opportunity(), state="ACTIVE")
    await builder.quote(await builder.opportunity(state="WON"), state="WON")

    assert [str(finding) async for finding in check_invariants(database, NOW)] == [
        "ok    The closing rules hold in every row.",
        "ok    No change is dated in the future.",
    ]


async def test_rows_that_violate_a_rule_are_counted(sqlite: Database, path: Path) -> None:
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
        "There are 1 closed opportunities without a close activity.",
        "There are 1 open opportunities with a close activity.",
        "There are 1 opportunities with more than one won quote.",
        "No change is dated in the future.",
    ]


async def test_dates_that_are_never_stored_are_counted(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    await builder.opportunity(created_at=datetime.min.replace(tzinfo=UTC))
    await builder.opportunity(
        estimated_close_date=date.max, created_at=datetime(2200, 12, 31, 23, tzinfo=UTC)
    )
    await builder.opportunity(
        estimated_close_date=date(1899, 12, 31), updated_at=datetime(2201, 1, 1, tzinfo=UTC)
    )

    assert [finding.message async for finding in check_invariants(database, NOW)] == [
        "There are 2 values of opportunity.estimated_close_date that are not from 1900-01-01 to 2200-12-31.",
        "There are 1 values of opportunity.created_at that are not from 1900-01-01 to 2200-12-31.",
        "There are 1 values of opportunity.updated_at that are not from 1900-01-01 to 2200-12-31.",
        "No change is dated in the future.",
    ]


async def test_a_change_dated_in_the_future_is_a_warning(database: Database) -> None:
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
        "warn  The newest change is dated 2026-11-23 13:00:00 UTC, which is in the future."
        " The clock was ahead, or is behind now: synchronize it with a time server."
    )


def findings(path: Path) -> list[str]:
    return [str(finding) for finding in check_file(path)]
