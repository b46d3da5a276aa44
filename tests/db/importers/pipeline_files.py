"""The four CSV files of a pipeline: valid unless a test passes other rows."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from random import Random

TEAMS = ("Ann Lee,Rosa Lind,East", "Bo Mei-Ek,Rosa Lind,West")
ACCOUNTS = ("Isdom,medical,2002,3178.24,4540,United States,",)
PRODUCTS = ("GTX Pro,GTX,4821", "MG Special,MG,55")

WON = "WON1,Ann Lee,GTX Pro,Isdom,Won,2026-01-05,2026-03-01,4514.50"
LOST = "LOST1,Bo Mei-Ek,MG Special,Isdom,Lost,2026-01-05,2026-02-10,0"
ENGAGING = "ENG1,Ann Lee,GTX Pro,Isdom,Engaging,2026-10-02,,"
PROSPECTING = "PRO1,Bo Mei-Ek,MG Special,Isdom,Prospecting,,,"

UNCLOSED_QUOTE = (
    "A field begins with a quote that is not closed before a comma or the end of the line. Close it, and"
    " double the quotes inside the field."
)
NO_VALID_AGENT = "sales_teams.csv contains no valid agent, so no opportunity would have an owner."


def pipeline_files(
    directory: Path,
    pipeline: Sequence[str],
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
            pipeline,
        ),
    ):
        (directory / file).write_text("\r\n".join([header, *rows, ""]), encoding="utf-8", newline="")
    return directory


REAL = Path(__file__).parents[4] / "shared" / "data" / "crm-sales-opportunities"
"""The public data set, if it is stored beside this project."""

_STAGES = {"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}
_PRICES = {"GTX Basic": 550, "GTX Pro": 4821, "GTXPro": 4821, "MG Special": 55, "MG Advanced": 3393}
_WITH_PRODUCT_ALIAS = 1480
_WITHOUT_ACCOUNT = 1425


def whole_pipeline(directory: Path) -> Path:
    """Return the public data set's directory, or write a pipeline of the same size with the same defects."""
    if REAL.is_dir():
        return REAL
    return pipeline_files(
        directory,
        list(_pipeline_rows(Random(8800))),
        teams=[f"Agent {number},Manager {number % 6},Office {number % 3}" for number in range(35)],
        accounts=[
            f"Customer {number},{'technolgy' if number < 13 else 'retail'},1990,{number}.5,{number},Kenya,"
            for number in range(85)
        ],
        products=[f"{product},any,{price}" for product, price in _PRICES.items() if product != "GTXPro"],
    )


def _pipeline_rows(random: Random) -> Iterator[str]:
    stages = [stage for stage, number in _STAGES.items() for _ in range(number)]
    random.shuffle(stages)
    open_rows = count()
    for number, stage in enumerate(stages):
        product = "GTXPro" if number < _WITH_PRODUCT_ALIAS else random.choice(("GTX Basic", "MG Special"))
        nameless = stage not in ("Won", "Lost") and next(open_rows) < _WITHOUT_ACCOUNT
        account = "" if nameless else f"Customer {random.randrange(85)}"
        fields = f"DEAL{number},Agent {random.randrange(35)},{product},{account},{stage}"
        yield f"{fields},{','.join(_dates_and_value(random, stage, _PRICES[product]))}"


def _dates_and_value(random: Random, stage: str, price: int) -> tuple[str, str, str]:
    """Return the engage date, close date and close value of a row."""
    engaged = date(2016, 10, 20) + timedelta(days=random.randrange(400))
    closed = engaged + timedelta(days=random.randrange(140))
    match stage:
        case "Prospecting":
            return "", "", ""
        case "Engaging":
            return str(engaged), "", ""
        case "Lost":
            return str(engaged), str(closed), "0"
    return str(engaged), str(closed), str(random.randint(price // 2, 2 * price))
