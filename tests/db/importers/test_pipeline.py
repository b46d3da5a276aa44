import csv
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db.importers.pipeline.importer import import_pipeline
from db.importers.pipeline.records import Correction
from db.importers.report import EntityKind
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder
from tests.db.importers.pipeline_files import (
    ENGAGING,
    LOST,
    PROSPECTING,
    WON,
    pipeline_files,
    whole_pipeline,
)


def _names(rows: Sequence[Any]) -> dict[UUID | None, str]:
    return {row.id: row.name for row in rows}


async def test_a_won_row_becomes_a_won_opportunity_with_its_close_activity(
    database: Database, tmp_path: Path
) -> None:
    await import_pipeline(database, pipeline_files(tmp_path, [WON]), now=NOW)

    rows = await OrganizationBuilder(database).dump()
    [opportunity], [close] = rows["opportunity"], rows["opportunity_close"]
    reasons = {row.id: row.code for row in rows["status_reason"]}
    assert opportunity._asdict() == {
        "organization_id": rows["organization"][0].id,
        "id": close.opportunity_id,
        "external_reference": "WON1",
        "name": "GTX Pro for Isdom",
        "description": None,
        "account_id": rows["account"][0].id,
        "owner_id": close.closed_by_id,
        "contracting_unit_id": opportunity.contracting_unit_id,
        "currency_code": "USD",
        "state": "WON",
        "status_reason_id": close.status_reason_id,
        "estimated_revenue": Decimal("4821.00"),
        "estimated_close_date": None,
        "actual_revenue": Decimal("4514.50"),
        "closed_on": date(2026, 3, 1),
        "close_id": close.id,
        "version": 1,
        "created_at": datetime(2026, 1, 5, tzinfo=UTC),
        "updated_at": datetime(2026, 3, 1, tzinfo=UTC),
        "open_key": None,
    }
    assert _names(rows["app_user"])[opportunity.owner_id] == "Ann Lee"
    assert _names(rows["contracting_unit"])[opportunity.contracting_unit_id] == "East"
    assert reasons[close.status_reason_id] == 3
    assert (close.state, close.outcome, close.actual_revenue, close.closed_on, close.created_at) == (
        "COMPLETED",
        "WON",
        Decimal("4514.50"),
        date(2026, 3, 1),
        datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert rows["quote"] == []


async def test_a_lost_row_has_the_reason_canceled_and_no_competitor(
    database: Database, tmp_path: Path
) -> None:
    await import_pipeline(database, pipeline_files(tmp_path, [LOST]), now=NOW)

    rows = await OrganizationBuilder(database).dump()
    [opportunity], [close] = rows["opportunity"], rows["opportunity_close"]
    reasons = {row.id: row.code for row in rows["status_reason"]}
    assert (opportunity.state, opportunity.actual_revenue, opportunity.closed_on) == (
        "LOST",
        Decimal("0.00"),
        date(2026, 2, 10),
    )
    assert (close.outcome, close.competitor_id, reasons[close.status_reason_id]) == ("LOST", None, 4)


async def test_a_lost_row_without_a_close_value_has_no_revenue(database: Database, tmp_path: Path) -> None:
    await import_pipeline(database, pipeline_files(tmp_path, [LOST.removesuffix("0")]), now=NOW)

    rows = await OrganizationBuilder(database).dump()
    assert [row.actual_revenue for row in rows["opportunity"]] == [None]


@pytest.mark.parametrize(
    ("source", "expected_quote"),
    [
        (ENGAGING, ("CRM-ENG1", 0, "ACTIVE", "ACTIVE_IN_PROGRESS", Decimal("4821.00"))),
        (PROSPECTING, ("CRM-PRO1", 0, "DRAFT", "DRAFT_IN_PROGRESS", Decimal("55.00"))),
    ],
)
async def test_an_open_row_gets_one_quote_with_its_product_at_list_price(
    source: str, expected_quote: tuple[Any, ...], database: Database, tmp_path: Path
) -> None:
    await import_pipeline(database, pipeline_files(tmp_path, [source]), now=NOW)

    rows = await OrganizationBuilder(database).dump()
    [opportunity], [quote], [line] = rows["opportunity"], rows["quote"], rows["quote_line"]
    assert (
        quote.number,
        quote.revision,
        quote.state,
        quote.status_reason,
        quote.total,
    ) == expected_quote
    assert (quote.opportunity_id, quote.currency_code, quote.effective_to) == (opportunity.id, "USD", None)
    assert (opportunity.state, opportunity.estimated_revenue) == ("OPEN", quote.total)
    assert (line.quote_id, line.position, line.kind) == (quote.id, 1, "PRODUCT")
    assert (line.name, line.quantity, line.total) == (source.split(",")[2], Decimal("1.00"), quote.total)


@pytest.mark.parametrize(
    ("source", "history"),
    [
        (WON, [("OPPORTUNITY_CREATED", "2026-01-05"), ("OPPORTUNITY_CLOSED", "2026-03-01")]),
        (
            ENGAGING,
            [
                ("OPPORTUNITY_CREATED", "2026-10-02"),
                ("QUOTE_CREATED", "2026-10-02"),
                ("QUOTE_ACTIVATED", "2026-10-02"),
            ],
        ),
        (PROSPECTING, [("OPPORTUNITY_CREATED", "2026-11-23"), ("QUOTE_CREATED", "2026-11-23")]),
    ],
)
async def test_the_audit_log_names_the_agent_and_the_dates_of_the_files(
    source: str, history: list[tuple[str, str]], database: Database, tmp_path: Path
) -> None:
    await import_pipeline(database, pipeline_files(tmp_path, [source]), now=NOW)

    rows = await OrganizationBuilder(database).dump()
    [opportunity] = rows["opportunity"]
    assert [(entry.action, str(entry.at.date())) for entry in rows["audit"]] == history
    assert {entry.user_id for entry in rows["audit"]} == {opportunity.owner_id}
    assert {entry.opportunity_id for entry in rows["audit"]} == {opportunity.id}


async def test_agents_and_managers_become_users_and_offices_units(database: Database, tmp_path: Path) -> None:
    await import_pipeline(
        database, pipeline_files(tmp_path, [WON], teams=["Ann Lee,Bo Ek,East", "Bo Ek,Ida,West"]), now=NOW
    )

    rows = await OrganizationBuilder(database).dump()
    users = _names(rows["app_user"])
    assert {(row.name, row.email, users.get(row.manager_id)) for row in rows["app_user"]} == {
        ("Ann Lee", "ann.lee@example.com", "Bo Ek"),
        ("Bo Ek", "bo.ek@example.com", "Ida"),
        ("Ida", "ida@example.com", None),
    }
    assert {(row.name, row.currency_code) for row in rows["contracting_unit"]} == {
        ("East", "USD"),
        ("West", "USD"),
    }


async def test_accounts_are_imported_with_corrected_spelling(database: Database, tmp_path: Path) -> None:
    accounts = ["Acme,technolgy,1996,1100.04,2822,Philipines,Zed", "Zed,,,,,,", "Hooli,retail,,,,Kenya,Gone"]
    summary = await import_pipeline(
        database, pipeline_files(tmp_path, [WON.replace("Isdom", "Acme")], accounts=accounts), now=NOW
    )

    rows = await OrganizationBuilder(database).dump()
    names = _names(rows["account"])
    assert {
        row.name: (
            row.industry,
            row.country,
            row.established,
            row.employees,
            row.annual_revenue,
            names.get(row.parent_account_id),
        )
        for row in rows["account"]
    } == {
        "Acme": ("technology", "Philippines", 1996, 2822, Decimal("1100.04"), "Zed"),
        "Zed": (None, None, None, None, None, None),
        "Hooli": ("retail", "Kenya", None, None, None, None),
    }
    assert summary.corrections == {Correction.SPELLING: 1, Correction.NO_PARENT: 1}


async def test_rows_with_known_defects_are_corrected_and_counted(database: Database, tmp_path: Path) -> None:
    pipeline = [
        "A,Ann Lee,GTXPro,Isdom,Engaging,2026-10-02,,",
        "B,Ann Lee,GTX Pro,,Engaging,2026-10-02,,",
        "C,Ann Lee,GTX Pro,Isdom,Prospecting,,,",
        "D,Ann Lee,GTX Pro,Isdom,Lost,,2026-02-10,0",
    ]
    summary = await import_pipeline(database, pipeline_files(tmp_path, pipeline), now=NOW)

    rows = await OrganizationBuilder(database).dump()
    accounts = _names(rows["account"])
    assert {
        (row.external_reference, row.name, accounts[row.account_id], row.created_at)
        for row in rows["opportunity"]
    } == {
        ("A", "GTX Pro for Isdom", "Isdom", datetime(2026, 10, 2, tzinfo=UTC)),
        ("B", "GTX Pro, no account yet", "No account yet", datetime(2026, 10, 2, tzinfo=UTC)),
        ("C", "GTX Pro for Isdom", "Isdom", NOW),
        ("D", "GTX Pro for Isdom", "Isdom", datetime(2026, 2, 10, tzinfo=UTC)),
    }
    assert summary.corrections == {
        Correction.PRODUCT_NAME: 1,
        Correction.NO_ACCOUNT: 1,
        Correction.NO_ENGAGE_DATE: 2,
    }
    assert summary.rejected == []


async def test_a_byte_order_mark_and_quoted_fields_are_read(database: Database, tmp_path: Path) -> None:
    directory = pipeline_files(
        tmp_path, [WON.replace("Isdom", '"Isdom, ""Ltd"""')], accounts=['"Isdom, ""Ltd""",,,,,,']
    )
    teams = directory / "sales_teams.csv"
    teams.write_bytes(b"\xef\xbb\xbf" + teams.read_bytes())

    assert (await import_pipeline(database, directory, now=NOW)).rejected == []
    assert [row.name for row in (await OrganizationBuilder(database).dump())["account"]] == ['Isdom, "Ltd"']


async def test_a_whole_pipeline_is_imported_completely_and_once(database: Database, tmp_path: Path) -> None:
    directory = whole_pipeline(tmp_path)
    with (directory / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        pipeline = list(csv.DictReader(file))
    values: Counter[str] = Counter()
    for row in pipeline:
        values[row["deal_stage"]] += int(row["close_value"] or 0)

    summary = await import_pipeline(database, directory, now=NOW)

    rows = await OrganizationBuilder(database).dump()
    assert summary.rejected == []
    assert summary.imported == Counter(
        {
            EntityKind.ORGANIZATION: 1,
            EntityKind.USER: 41,
            EntityKind.CONTRACTING_UNIT: 3,
            EntityKind.ACCOUNT: 86,
            EntityKind.OPPORTUNITY: 8800,
            EntityKind.QUOTE: 2089,
        }
    )
    assert summary.opportunities_by_state == {"WON": 4238, "LOST": 2473, "OPEN": 2089}
    assert summary.corrections == {
        Correction.PRODUCT_NAME: 1480,
        Correction.NO_ACCOUNT: 1425,
        Correction.NO_ENGAGE_DATE: 500,
        Correction.SPELLING: 13,
    }
    assert Counter(row.state for row in rows["quote"]) == {"ACTIVE": 1589, "DRAFT": 500}
    assert {row.external_reference for row in rows["opportunity"]} == {
        row["opportunity_id"] for row in pipeline
    }
    for state in ("Won", "Lost"):
        revenues = [row.actual_revenue for row in rows["opportunity"] if row.state == state.upper()]
        assert sum(revenues) == values[state]
    assert (await import_pipeline(database, directory, now=NOW)).imported.total() == 0
    assert await OrganizationBuilder(database).dump() == rows
