from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from db.importers.csv_reader import ImportSourceError
from db.importers.pipeline.importer import import_pipeline
from db.importers.report import EntityKind, RejectedRow
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder
from tests.db.importers.pipeline_files import (
    ACCOUNTS,
    ENGAGING,
    LOST,
    NO_VALID_AGENT,
    UNCLOSED_QUOTE,
    WON,
    pipeline_files,
)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("X,Nobody,GTX Pro,Isdom,Engaging,2026-10-02,,", "sales_agent 'Nobody' is unknown."),
        ("X,Ann Lee,GTK 9,Isdom,Engaging,2026-10-02,,", "product 'GTK 9' is unknown."),
        ("X,Ann Lee,GTX Pro,Gone,Engaging,2026-10-02,,", "account 'Gone' is unknown."),
        (
            "X,Ann Lee,GTX Pro,Isdom,Dreaming,2026-10-02,,",
            "deal_stage 'Dreaming' is not one of Prospecting, Engaging, Won, Lost.",
        ),
        (
            "X,Ann Lee,GTX Pro,Isdom,Engaging,02.10.2026,,",
            "engage_date '02.10.2026' is not a date such as 2017-03-01.",
        ),
        (
            "X,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,2026-02-30,9",
            "close_date '2026-02-30' is not a date such as 2017-03-01.",
        ),
        (
            "X,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,2026-01-04,9",
            "close_date 2026-01-04 is before engage_date 2026-01-05.",
        ),
        (
            "X,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,2026-11-24,9",
            "A date is after the day of the import, 2026-11-23.",
        ),
        (
            "X,Ann Lee,GTX Pro,Isdom,Engaging,2026-11-24,,",
            "A date is after the day of the import, 2026-11-23.",
        ),
        ("X,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,,9", "close_date is empty."),
        ("X,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,2026-02-01,", "close_value is empty."),
        (
            "X,Ann Lee,GTX Pro,Isdom,Engaging,2026-01-05,,9",
            "An opportunity in stage Engaging must not have a close_date or close_value.",
        ),
        (
            "X,Ann Lee,GTX Pro,Isdom,Prospecting,,2026-02-01,",
            "An opportunity in stage Prospecting must not have a close_date or close_value.",
        ),
        *(
            (
                f"X,Ann Lee,GTX Pro,Isdom,Won,{day},2026-02-01,9",
                f"engage_date {day!r} is not a date such as 2017-03-01.",
            )
            for day in ("20161231", "2016-W52-6", "\u0662\u0660\u0661\u0666-\u0661\u0662-\u0663\u0661")
        ),
        *(
            (
                f"X,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,2026-02-01,{amount}",
                f"close_value {amount!r} is not an amount such as 1054.50, at most 1,000,000,000,000.00.",
            )
            for amount in ("1_000", "\u0661\u0662\u0663", "1e99999999999999999999")
        ),
        (
            "X,Ann Lee,GTX Pro,Isdom,Won,0001-01-01,2026-02-01,9",
            "The engage date must be from 1900-01-01 to 2200-12-31. Send a date in that range.",
        ),
        (",Ann Lee,GTX Pro,Isdom,Prospecting,,,", "opportunity_id is empty."),
        (
            "WON1,Ann Lee,GTX Pro,Isdom,Prospecting,,,",
            "opportunity_id 'WON1' already appears on an earlier line.",
        ),
        ("X,Ann Lee,GTX Pro,Isdom,Prospecting,,", "The row has 7 fields, not 8."),
        ("X,Ann Lee,GTX Pro,Isdom,Prospecting,,,,", "The row has 9 fields, not 8."),
        (
            f"{'X' * 201},Ann Lee,GTX Pro,Isdom,Prospecting,,,",
            "A field contains a NUL character or more than 200 characters.",
        ),
        (
            "X\u202e,Ann Lee,GTX Pro,Isdom,Prospecting,,,",
            "opportunity_id contains U+202E, which is not allowed in it. Remove it.",
        ),
        (
            "\u200d,Ann Lee,GTX Pro,Isdom,Prospecting,,,",
            "opportunity_id contains only characters that show nothing.",
        ),
        (
            "X\0,Ann Lee,GTX Pro,Isdom,Prospecting,,,",
            "A field contains a NUL character or more than 200 characters.",
        ),
    ],
)
async def test_an_invalid_opportunity_is_rejected_and_the_others_are_imported(
    row: str, reason: str, database: Database, tmp_path: Path
) -> None:
    summary = await import_pipeline(database, pipeline_files(tmp_path, [WON, row, LOST]), now=NOW)

    assert summary.rejected == [RejectedRow("sales_pipeline.csv", 3, reason)]
    rows = await OrganizationBuilder(database).dump()
    assert {row.external_reference for row in rows["opportunity"]} == {"WON1", "LOST1"}


@pytest.mark.parametrize("value", ["many", "-1", "NaN", "Infinity", "9.999", "1000000000000.01", "1e99"])
async def test_a_close_value_that_is_not_an_amount_is_rejected(
    value: str, database: Database, tmp_path: Path
) -> None:
    row = f"X,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,2026-02-01,{value}"
    summary = await import_pipeline(database, pipeline_files(tmp_path, [WON, row]), now=NOW)

    assert summary.rejected == [
        RejectedRow(
            "sales_pipeline.csv",
            3,
            f"close_value {value!r} is not an amount such as 1054.50, at most 1,000,000,000,000.00.",
        )
    ]
    rows = await OrganizationBuilder(database).dump()
    assert [row.actual_revenue for row in rows["opportunity"]] == [Decimal("4514.50")]


async def test_invalid_rows_of_the_other_files_are_rejected(database: Database, tmp_path: Path) -> None:
    summary = await import_pipeline(
        database,
        pipeline_files(
            tmp_path,
            [WON, "X,Cy,MG Special,Zed,Engaging,2026-10-02,,"],
            teams=["Ann Lee,Rosa Lind,East", "Ann Lee,Rosa Lind,West", "Cy,,West"],
            accounts=[*ACCOUNTS, "Zed,retail,old,1,1,Kenya,", "Yin,retail,1999,1,2.5,Kenya,"],
            products=["GTX Pro,GTX,4821", "MG Special,MG,"],
        ),
        now=NOW,
    )

    assert summary.rejected == [
        RejectedRow("sales_teams.csv", 3, "sales_agent 'Ann Lee' already appears on an earlier line."),
        RejectedRow("sales_teams.csv", 4, "manager is empty."),
        RejectedRow("accounts.csv", 3, "year_established 'old' is not a whole number of at most 9 digits."),
        RejectedRow("accounts.csv", 4, "employees '2.5' is not a whole number of at most 9 digits."),
        RejectedRow("products.csv", 3, "sales_price is empty."),
        RejectedRow("sales_pipeline.csv", 3, "sales_agent 'Cy' is unknown."),
    ]
    assert summary.imported == Counter(
        {
            EntityKind.ORGANIZATION: 1,
            EntityKind.USER: 2,
            EntityKind.CONTRACTING_UNIT: 1,
            EntityKind.ACCOUNT: 1,
            EntityKind.OPPORTUNITY: 1,
        }
    )


async def test_an_opportunity_whose_quote_number_is_taken_is_rejected(
    database: Database, tmp_path: Path
) -> None:
    builder = await OrganizationBuilder.create(database)
    await builder.quote(await builder.opportunity(), number="CRM-ENG1")
    summary = await import_pipeline(
        database, pipeline_files(tmp_path, [ENGAGING, WON.replace("WON1", "ENG2")]), now=NOW
    )

    assert summary.rejected == [
        RejectedRow("sales_pipeline.csv", 2, "Another opportunity already has a quote CRM-ENG1.")
    ]
    rows = await builder.dump()
    assert {row.external_reference for row in rows["opportunity"]} == {None, "ENG2"}


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (
            "products.csv",
            b"product,price\nGTX Pro,4821\n",
            "products.csv must begin with the line 'product,series,sales_price', not 'product,price'.",
        ),
        (
            "products.csv",
            b"",
            "products.csv must begin with the line 'product,series,sales_price', not ''.",
        ),
        ("accounts.csv", b"\xff\xfea\x00", "accounts.csv is not in UTF-8."),
        (
            "products.csv",
            b'product,series,"sales_price\n',
            f"products.csv is not a CSV file: line 1: {UNCLOSED_QUOTE}",
        ),
        (
            "sales_teams.csv",
            b"sales_agent,manager,regional_office\n",
            "sales_teams.csv contains no agent, so no opportunity would have an owner.",
        ),
        (
            "sales_teams.csv",
            b"sales_agent,manager,regional_office\nAnn Lee,,East\n",
            f"{NO_VALID_AGENT} Line 2: manager is empty.",
        ),
    ],
)
async def test_an_invalid_file_is_named_and_nothing_is_changed(
    file: str, content: bytes, message: str, database: Database, tmp_path: Path
) -> None:
    (pipeline_files(tmp_path, [WON]) / file).write_bytes(content)
    before = await OrganizationBuilder(database).dump()

    with pytest.raises(ImportSourceError) as caught:
        await import_pipeline(database, tmp_path, now=NOW)

    assert str(caught.value) == message
    assert await OrganizationBuilder(database).dump() == before


async def test_a_missing_file_is_named_and_nothing_is_changed(database: Database, tmp_path: Path) -> None:
    (pipeline_files(tmp_path, [WON]) / "sales_pipeline.csv").unlink()
    before = await OrganizationBuilder(database).dump()

    with pytest.raises(ImportSourceError) as caught:
        await import_pipeline(database, tmp_path, now=NOW)

    assert str(caught.value) == f"sales_pipeline.csv can't be read in {tmp_path}: No such file or directory."
    assert await OrganizationBuilder(database).dump() == before
