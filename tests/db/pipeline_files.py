"""The four CSV files of a pipeline, as a test writes them: valid, but for what it varies."""

from collections.abc import Sequence
from pathlib import Path

TEAMS = ("Ann Lee,Rosa Lind,East", "Bo Mei-Ek,Rosa Lind,West")
ACCOUNTS = ("Isdom,medical,2002,3178.24,4540,United States,",)
PRODUCTS = ("GTX Pro,GTX,4821", "MG Special,MG,55")

WON = "WON1,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,2026-03-01,4514.50"
LOST = "LOST1,Bo Mei-Ek,MG Special,Isdom,Lost,2026-01-05,2026-02-10,0"
ENGAGING = "ENG1,Ann Lee,GTX Pro,Isdom,Engaging,2026-10-02,,"
PROSPECTING = "PRO1,Bo Mei-Ek,MG Special,Isdom,Prospecting,,,"


def pipeline_files(
    directory: Path,
    deals: Sequence[str],
    *,
    teams: Sequence[str] = TEAMS,
    accounts: Sequence[str] = ACCOUNTS,
    products: Sequence[str] = PRODUCTS,
) -> Path:
    """Write the four files and return their directory."""
    for file, header, rows in (
        ("sales_teams.csv", "sales_agent,manager,regional_office", teams),
        (
            "accounts.csv",
            "account,sector,year_established,revenue,employees,office_location,subsidiary_of",
            accounts,
        ),
        ("products.csv", "product,series,sales_price", products),
        (
            "sales_pipeline.csv",
            "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value",
            deals,
        ),
    ):
        (directory / file).write_text("\r\n".join([header, *rows, ""]), encoding="utf-8", newline="")
    return directory
