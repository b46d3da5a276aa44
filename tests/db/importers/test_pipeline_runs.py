from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, column, select, table

from db.importers.pipeline.importer import import_pipeline
from db.importers.report import EntityKind
from db.master_data.organizations import find_default_user
from db.sql.database import Database
from db.sql.statements import Statement
from tests.builders import NOW, OrganizationBuilder
from tests.db.importers.pipeline_files import (
    ACCOUNTS,
    ENGAGING,
    LOST,
    PROSPECTING,
    TEAMS,
    WON,
    pipeline_files,
)


def _names(rows: Sequence[Any]) -> dict[UUID | None, str]:
    return {row.id: row.name for row in rows}


async def test_the_summary_counts_the_imported_rows(database: Database, tmp_path: Path) -> None:
    summary = await import_pipeline(
        database, pipeline_files(tmp_path, [WON, LOST, ENGAGING, PROSPECTING]), now=NOW
    )

    assert summary.imported == Counter(
        {
            EntityKind.ORGANIZATION: 1,
            EntityKind.USER: 3,
            EntityKind.CONTRACTING_UNIT: 2,
            EntityKind.ACCOUNT: 1,
            EntityKind.OPPORTUNITY: 4,
            EntityKind.QUOTE: 2,
        }
    )
    assert summary.opportunities_by_state == {"WON": 1, "LOST": 1, "OPEN": 2}
    assert summary.existing.total() == 0


async def test_postgresql_statistics_cover_the_imported_rows(postgresql: Database, tmp_path: Path) -> None:
    await import_pipeline(postgresql, pipeline_files(tmp_path, [WON, LOST, ENGAGING]), now=NOW)

    counted: Select[Any] = (
        select(column("reltuples")).select_from(table("pg_class")).where(column("relname") == "opportunity")
    )
    assert await postgresql.rows(Statement(counted)) == [(3.0,)]


async def test_a_second_import_changes_nothing(database: Database, tmp_path: Path) -> None:
    directory = pipeline_files(tmp_path, [WON, LOST, "X,Ann Lee,GTXPro,,Engaging,2026-10-02,,"])
    await import_pipeline(database, directory, now=NOW)
    before = await OrganizationBuilder(database).dump()

    summary = await import_pipeline(database, directory, now=NOW)

    assert await OrganizationBuilder(database).dump() == before
    assert summary.imported.total() == summary.corrections.total() == 0
    assert summary.existing == Counter(
        {
            EntityKind.ORGANIZATION: 1,
            EntityKind.USER: 3,
            EntityKind.CONTRACTING_UNIT: 2,
            EntityKind.ACCOUNT: 1,
            EntityKind.OPPORTUNITY: 3,
        }
    )


async def test_an_import_after_a_partial_one_adds_the_rest(database: Database, tmp_path: Path) -> None:
    await import_pipeline(database, pipeline_files(tmp_path, [WON], teams=TEAMS[:1]), now=NOW)
    before = await OrganizationBuilder(database).dump()

    summary = await import_pipeline(database, pipeline_files(tmp_path, [WON, LOST, ENGAGING]), now=NOW)

    rows = await OrganizationBuilder(database).dump()
    assert {row.external_reference for row in rows["opportunity"]} == {"WON1", "LOST1", "ENG1"}
    assert set(before["opportunity"]) < set(rows["opportunity"])
    assert summary.imported == Counter(
        {
            EntityKind.USER: 1,
            EntityKind.CONTRACTING_UNIT: 1,
            EntityKind.OPPORTUNITY: 2,
            EntityKind.QUOTE: 1,
        }
    )
    assert summary.existing == Counter(
        {
            EntityKind.ORGANIZATION: 1,
            EntityKind.USER: 2,
            EntityKind.CONTRACTING_UNIT: 1,
            EntityKind.ACCOUNT: 1,
            EntityKind.OPPORTUNITY: 1,
        }
    )


async def test_an_empty_database_gets_an_organization_named_after_the_directory(
    database: Database, tmp_path: Path
) -> None:
    directory = tmp_path / "spring-pipeline"
    directory.mkdir()
    await import_pipeline(database, pipeline_files(directory, [WON]), now=NOW)

    async with database.transaction() as transaction:
        user = await find_default_user(transaction)
    rows = await OrganizationBuilder(database).dump()
    assert user is not None
    assert _names(rows["organization"]) == {user.organization_id: "spring-pipeline"}
    assert _names(rows["app_user"])[user.user_id] == "Rosa Lind"
    assert len(rows["status_reason"]) == 5


async def test_rows_go_to_the_oldest_organization(database: Database, tmp_path: Path) -> None:
    builder = await OrganizationBuilder.create(database)
    other = await OrganizationBuilder.create(database)
    accounts = [*ACCOUNTS, "Grey Harbour,ports,1900,1,1,Norway,"]
    summary = await import_pipeline(
        database,
        pipeline_files(tmp_path, [WON, ENGAGING.replace("Isdom", "Grey Harbour")], accounts=accounts),
        now=NOW,
    )

    rows = await OrganizationBuilder(database).dump()
    assert {row.organization_id for row in rows["opportunity"]} == {builder.organization_id}
    assert len([row for row in rows["account"] if row.organization_id == other.organization_id]) == 1
    [engaging] = [row for row in rows["opportunity"] if row.external_reference == "ENG1"]
    [harbour] = [row for row in rows["account"] if row.id == builder.account_id]
    assert engaging.account_id == harbour.id
    assert harbour.industry is None
    assert (summary.existing[EntityKind.ORGANIZATION], summary.existing[EntityKind.ACCOUNT]) == (1, 1)


async def test_progress_starts_with_the_existing_rows(database: Database, tmp_path: Path) -> None:
    pipeline = [f"D{number},Ann Lee,GTX Pro,Isdom,Prospecting,,," for number in range(1, 1001)]
    await import_pipeline(database, pipeline_files(tmp_path, pipeline[:100]), now=NOW)
    steps: list[tuple[int, int]] = []

    await import_pipeline(
        database, pipeline_files(tmp_path, pipeline), now=NOW, progress=lambda *step: steps.append(step)
    )

    assert steps == [(100, 1000), (500, 1000), (900, 1000), (1000, 1000)]
