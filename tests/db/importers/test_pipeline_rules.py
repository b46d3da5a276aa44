"""An import stores nothing that the API refuses, and guesses nothing."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from db.importers.csv_reader import ImportSourceError
from db.importers.pipeline.importer import import_pipeline
from db.importers.report import EntityKind, RejectedRow, UnreadableRest
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder
from tests.db.importers.pipeline_files import (
    ACCOUNTS,
    NO_VALID_AGENT,
    PRODUCTS,
    TEAMS,
    UNCLOSED_QUOTE,
    WON,
    pipeline_files,
)

BELOW = "The parent account belongs to this account itself. Send another one, or none."
MANAGER_BELOW = "The manager reports to this agent. Name another one."
STRAY_QUOTE = (
    "There is a quote inside a field that does not begin with one. Put the field in quotes, and double the"
    " quotes inside it."
)


async def stored(database: Database) -> dict[str, list[Any]]:
    return await OrganizationBuilder(database).dump()


async def account_names(database: Database) -> set[str]:
    return {row.name for row in (await stored(database))["account"]}


async def test_nothing_after_an_unclosed_quote_is_imported(database: Database, tmp_path: Path) -> None:
    accounts = [
        *ACCOUNTS,
        'A,medical,2002,1,1,"Norway,',
        'B,medical,2002,1,1,"Sweden",',
        "C,medical,2002,1,1,Kenya,",
    ]
    summary = await import_pipeline(
        database,
        pipeline_files(tmp_path, [WON, WON.replace("WON1", "WON2").replace("Isdom", "C")], accounts=accounts),
        now=NOW,
    )

    assert summary.unreadable == [UnreadableRest("accounts.csv", 3, UNCLOSED_QUOTE)]
    assert summary.rejected == [RejectedRow("sales_pipeline.csv", 3, "account 'C' is unknown.")]
    assert summary.row_counts["accounts.csv"] == summary.imported[EntityKind.ACCOUNT] == 1
    assert not summary.is_complete
    assert await account_names(database) == {"Isdom"}


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("X" * 140_000, "A field has more than 131,072 characters. Shorten it, or close its quotes."),
        ('15" screen', STRAY_QUOTE),
    ],
)
async def test_nothing_after_an_invalid_field_is_imported(
    field: str, reason: str, database: Database, tmp_path: Path
) -> None:
    products = [PRODUCTS[0], f"{field},MG,55", "MG Special,MG,55"]
    summary = await import_pipeline(
        database,
        pipeline_files(
            tmp_path, [WON, WON.replace("WON1", "WON2").replace("GTX Pro", "MG Special")], products=products
        ),
        now=NOW,
    )

    assert summary.unreadable == [UnreadableRest("products.csv", 3, reason)]
    assert [(row.line, row.reason) for row in summary.rejected] == [(3, "product 'MG Special' is unknown.")]
    assert {row.name for row in (await stored(database))["opportunity"]} == {"GTX Pro for Isdom"}


async def test_a_row_below_a_row_that_was_not_imported_is_rejected(
    database: Database, tmp_path: Path
) -> None:
    """Stored accounts never change, so without its parent it would stay without one for ever."""
    accounts = [
        *ACCOUNTS,
        "Old,retail,old,,,,",
        "Child,retail,,,,,Old",
        "Grandchild,retail,,,,,Child",
        "Orphan,retail,,,,,Later",
        'Broken,"retail,,,,,',
        "Later,retail,,,,,",
    ]
    summary = await import_pipeline(database, pipeline_files(tmp_path, [WON], accounts=accounts), now=NOW)

    assert [(row.line, row.reason) for row in summary.rejected] == [
        (3, "year_established 'old' is not a whole number of at most 9 digits."),
        (4, "subsidiary_of 'Old' has no valid row. Correct that row first."),
        (5, "subsidiary_of 'Child' has no valid row. Correct that row first."),
        (6, "subsidiary_of 'Later' has no valid row. Correct that row first."),
    ]
    assert [rest.line for rest in summary.unreadable] == [7]
    assert await account_names(database) == {"Isdom"}


async def test_accounts_that_belong_to_themselves_are_rejected(database: Database, tmp_path: Path) -> None:
    accounts = [*ACCOUNTS, "A,,,,,,B", "B,,,,,,A", "C,,,,,,C", "D,,,,,,A", "E,,,,,,Isdom"]
    summary = await import_pipeline(database, pipeline_files(tmp_path, [WON], accounts=accounts), now=NOW)

    assert [(row.line, row.reason) for row in summary.rejected] == [
        (3, BELOW),
        (4, BELOW),
        (5, BELOW),
        (6, "subsidiary_of 'A' has no valid row. Correct that row first."),
    ]
    assert await account_names(database) == {"Isdom", "E"}


async def test_agents_who_report_to_themselves_are_rejected(database: Database, tmp_path: Path) -> None:
    teams = [*TEAMS, "A,B,East", "B,A,East", "C,C,East", "D,A,East"]
    pipeline = [WON, WON.replace("WON1", "WON2").replace("Ann Lee", "A")]
    summary = await import_pipeline(database, pipeline_files(tmp_path, pipeline, teams=teams), now=NOW)

    assert summary.rejected == [
        RejectedRow("sales_teams.csv", 4, MANAGER_BELOW),
        RejectedRow("sales_teams.csv", 5, MANAGER_BELOW),
        RejectedRow("sales_teams.csv", 6, MANAGER_BELOW),
        RejectedRow("sales_teams.csv", 7, "manager 'A' has no valid row. Correct that row first."),
        RejectedRow("sales_pipeline.csv", 3, "sales_agent 'A' is unknown."),
    ]
    rows = await stored(database)
    assert {row.name for row in rows["app_user"]} == {"Ann Lee", "Bo Mei-Ek", "Rosa Lind"}
    assert {row.external_reference for row in rows["opportunity"]} == {"WON1"}


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ("X,,0,,,,", "The year established must be from 1 to 9999."),
        ("X,,999999999,,,,", "The year established must be from 1 to 9999."),
        ("X,,١٩٩٩,,,,", "year_established '١٩٩٩' is not a whole number of at most 9 digits."),
        ("X,,,,9999999999,,", "employees '9999999999' is not a whole number of at most 9 digits."),
        (
            "No account yet,,,,,,",
            "'No account yet' is the account of opportunities without one. Rename this account.",
        ),
    ],
)
async def test_an_account_that_the_api_refuses_is_rejected(
    account: str, reason: str, database: Database, tmp_path: Path
) -> None:
    summary = await import_pipeline(
        database, pipeline_files(tmp_path, [WON], accounts=[*ACCOUNTS, account]), now=NOW
    )

    assert summary.rejected == [RejectedRow("accounts.csv", 3, reason)]
    assert await account_names(database) == {"Isdom"}


@pytest.mark.parametrize(
    ("reference", "account", "reason"),
    [
        ("X", "I" * 200, "The opportunity name has 212 characters; the limit is 200. Shorten it."),
        ("X" * 200, "Isdom", "The quote number has 204 characters; the limit is 200. Shorten it."),
    ],
)
async def test_an_opportunity_with_a_name_that_the_api_refuses_is_rejected(
    reference: str, account: str, reason: str, database: Database, tmp_path: Path
) -> None:
    row = f"{reference},Ann Lee,GTX Pro,{account},Engaging,2026-10-02,,"
    accounts = [*ACCOUNTS, f"{'I' * 200},,,,,,"]
    summary = await import_pipeline(
        database, pipeline_files(tmp_path, [WON, row], accounts=accounts), now=NOW
    )

    assert summary.rejected == [RejectedRow("sales_pipeline.csv", 3, reason)]
    rows = await stored(database)
    assert {row.external_reference for row in rows["opportunity"]} == {"WON1"}
    assert rows["quote"] == []


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("ANN LEE,Rosa Lind,West", "ANN LEE"),
        ("Ann.Lee,Rosa Lind,West", "Ann.Lee"),
        ("Ann  Lee,Rosa Lind,West", "Ann  Lee"),
        ("Cy,ann lee,West", "ann lee"),
    ],
)
async def test_two_persons_do_not_become_one_user(
    row: str, name: str, database: Database, tmp_path: Path
) -> None:
    summary = await import_pipeline(database, pipeline_files(tmp_path, [WON], teams=[*TEAMS, row]), now=NOW)

    assert summary.rejected == [
        RejectedRow(
            "sales_teams.csv",
            4,
            f"{name!r} and 'Ann Lee' would be one user, ann.lee@example.com. Write the name of one person"
            " in one way; let the names of two persons differ in a letter.",
        )
    ]
    assert summary.imported[EntityKind.USER] == 3
    assert {row.name for row in (await stored(database))["app_user"]} == {"Ann Lee", "Bo Mei-Ek", "Rosa Lind"}


async def test_a_person_does_not_become_a_stored_user_with_another_name(
    database: Database, tmp_path: Path
) -> None:
    await import_pipeline(database, pipeline_files(tmp_path, [WON]), now=NOW)
    before = await stored(database)

    pipeline = [WON.replace("Ann Lee", "ANN LEE"), WON.replace("WON1,Ann Lee", "WON2,ANN LEE")]
    teams = ["ANN LEE,Rosa Lind,East", "Bo Mei-Ek,Rosa Lind,West"]
    summary = await import_pipeline(database, pipeline_files(tmp_path, pipeline, teams=teams), now=NOW)

    assert [(row.file, row.line) for row in summary.rejected] == [
        ("sales_teams.csv", 2),
        ("sales_pipeline.csv", 3),
    ]
    assert summary.rejected[0].reason.startswith("'ANN LEE' and 'Ann Lee' would be one user")
    assert summary.existing[EntityKind.OPPORTUNITY] == 1
    assert await stored(database) == before


async def test_a_rejected_row_over_several_lines_is_listed_with_its_first_line(
    database: Database, tmp_path: Path
) -> None:
    accounts = ['"Long\nName",,,,,,', 'Zed,"a\nb\nc",old,,,,', *ACCOUNTS, "Yin,,old,,,,"]
    summary = await import_pipeline(database, pipeline_files(tmp_path, [WON], accounts=accounts), now=NOW)

    assert [row.line for row in summary.rejected] == [2, 4, 8]


@pytest.mark.parametrize("blank", ["", "  ", ",,,,,,,", ",,,,,,", ' , ,"",,,,'])
async def test_rows_without_text_are_left_out(blank: str, database: Database, tmp_path: Path) -> None:
    directory = pipeline_files(
        tmp_path,
        [WON, blank],
        teams=[*TEAMS, blank],
        accounts=[blank, *ACCOUNTS],
        products=[*PRODUCTS, blank, blank],
    )
    summary = await import_pipeline(database, directory, now=NOW)

    assert summary.is_complete
    assert summary.row_counts == Counter(
        {"sales_teams.csv": 2, "accounts.csv": 1, "products.csv": 2, "sales_pipeline.csv": 1}
    )


async def test_a_broken_list_of_agents_changes_nothing(database: Database, tmp_path: Path) -> None:
    before = await stored(database)

    with pytest.raises(ImportSourceError) as caught:
        await import_pipeline(
            database, pipeline_files(tmp_path, [WON], teams=['"Ann Lee,Rosa Lind,East']), now=NOW
        )

    assert str(caught.value) == f"{NO_VALID_AGENT} Line 2: {UNCLOSED_QUOTE}"
    assert await stored(database) == before
