"""Parse the pipeline's CSV files into typed rows: sales agents, accounts and opportunities."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from db.domain.enums import OpportunityState
from db.importers.csv_reader import CsvDirectory, CsvRow, ImportSourceError, RowError, require
from db.importers.report import RejectedRow

T = TypeVar("T")

PIPELINE_FILE = "sales_pipeline.csv"

_AGENT_COLUMNS = ("sales_agent", "manager", "regional_office")
_PRODUCT_COLUMNS = ("product", "series", "sales_price")
_ACCOUNT_COLUMNS = (
    "account",
    "sector",
    "year_established",
    "revenue",
    "employees",
    "office_location",
    "subsidiary_of",
)
_OPPORTUNITY_COLUMNS = (
    "opportunity_id",
    "sales_agent",
    "product",
    "account",
    "deal_stage",
    "engage_date",
    "close_date",
    "close_value",
)
_MISSPELLINGS = {"technolgy": "technology", "Philipines": "Philippines"}
_PRODUCT_ALIASES = {"GTXPro": "GTX Pro"}


class Correction(StrEnum):
    """Known defects of a row, and how the importer corrects them, as the report shows it."""

    SPELLING = "misspelled industry or country: corrected"
    NO_PARENT = "parent company not in accounts.csv: left out"
    PRODUCT_NAME = 'product "GTXPro": read as "GTX Pro"'
    NO_ACCOUNT = 'no account: assigned to "No account yet"'
    NO_ENGAGE_DATE = "no engage date: created on its close date, or on the day of the import while open"


class Stage(StrEnum):
    """The stage of an opportunity in the files."""

    PROSPECTING = "Prospecting"
    ENGAGING = "Engaging"
    WON = "Won"
    LOST = "Lost"

    @property
    def state(self) -> OpportunityState:
        """The state of the imported opportunity."""
        return _CLOSED_STATES.get(self, OpportunityState.OPEN)


_CLOSED_STATES = {Stage.WON: OpportunityState.WON, Stage.LOST: OpportunityState.LOST}


@dataclass(frozen=True, slots=True)
class SalesAgent:
    """A row of sales_teams.csv."""

    name: str
    manager: str
    office: str


@dataclass(frozen=True, slots=True)
class PipelineAccount:
    """A row of accounts.csv. ``annual_revenue`` is in millions of US dollars."""

    industry: str | None = None
    country: str | None = None
    established: int | None = None
    employees: int | None = None
    annual_revenue: Decimal | None = None
    parent: str | None = None
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class PipelineOpportunity:
    """A valid row of sales_pipeline.csv with its agent and the list price of its product."""

    line: int
    reference: str
    agent: SalesAgent
    account: str | None
    product: str
    list_price: Decimal
    stage: Stage
    engaged_on: date | None
    closed_on: date | None
    close_value: Decimal | None
    corrections: tuple[Correction, ...]

    @property
    def name(self) -> str:
        """The name of the imported opportunity."""
        return f"{self.product} for {self.account}" if self.account else f"{self.product}, no account yet"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The valid rows of the four files by name or reference, and the rejected rows."""

    name: str
    agents: Mapping[str, SalesAgent]
    accounts: Mapping[str, PipelineAccount]
    opportunities: Mapping[str, PipelineOpportunity]
    rejected: list[RejectedRow]


def read_pipeline(directory: Path, *, today: date) -> Pipeline:
    """Read the four files. The pipeline's name is that of the directory.

    Raises:
        ImportSourceError: a file is missing or invalid, or sales_teams.csv contains no agent.
    """
    files = CsvDirectory(directory)
    agents = files.read("sales_teams.csv", _AGENT_COLUMNS, _parse_agent)
    if not agents:
        raise ImportSourceError("sales_teams.csv contains no agent, so no opportunity would have an owner.")
    accounts = files.read("accounts.csv", _ACCOUNT_COLUMNS, _parse_account)
    prices = files.read("products.csv", _PRODUCT_COLUMNS, _parse_price)
    accounts = {name: _without_unknown_parent(account, accounts) for name, account in accounts.items()}
    parse = partial(_parse_opportunity, agents=agents, accounts=accounts, prices=prices, today=today)
    opportunities = files.read(PIPELINE_FILE, _OPPORTUNITY_COLUMNS, parse)
    return Pipeline(directory.resolve().name, agents, accounts, opportunities, files.rejected)


def _parse_agent(row: CsvRow) -> SalesAgent:
    return SalesAgent(*(require(column, row.text(column)) for column in _AGENT_COLUMNS))


def _parse_price(row: CsvRow) -> Decimal:
    return require("sales_price", row.amount("sales_price"))


def _parse_account(row: CsvRow) -> PipelineAccount:
    sector, country = row.text("sector"), row.text("office_location")
    return PipelineAccount(
        industry=_MISSPELLINGS.get(sector, sector) if sector else None,
        country=_MISSPELLINGS.get(country, country) if country else None,
        established=row.integer("year_established"),
        employees=row.integer("employees"),
        annual_revenue=row.amount("revenue"),
        parent=row.text("subsidiary_of"),
        corrections=(Correction.SPELLING,) if {sector, country} & _MISSPELLINGS.keys() else (),
    )


def _without_unknown_parent(
    account: PipelineAccount, accounts: Mapping[str, PipelineAccount]
) -> PipelineAccount:
    if account.parent is None or account.parent in accounts:
        return account
    return replace(account, parent=None, corrections=(*account.corrections, Correction.NO_PARENT))


def _parse_opportunity(
    row: CsvRow,
    *,
    agents: Mapping[str, SalesAgent],
    accounts: Mapping[str, PipelineAccount],
    prices: Mapping[str, Decimal],
    today: date,
) -> PipelineOpportunity:
    product = _PRODUCT_ALIASES.get(row.texts["product"], row.texts["product"])
    defects = {
        Correction.PRODUCT_NAME: row.texts["product"] in _PRODUCT_ALIASES,
        Correction.NO_ACCOUNT: not row.texts["account"],
        Correction.NO_ENGAGE_DATE: not row.texts["engage_date"],
    }
    opportunity = PipelineOpportunity(
        line=row.line,
        reference=row.texts["opportunity_id"],
        agent=_look_up("sales_agent", row.texts["sales_agent"], agents),
        account=row.text("account"),
        product=product,
        list_price=_look_up("product", product, prices),
        stage=_parse_stage(row.texts["deal_stage"]),
        engaged_on=row.iso_date("engage_date"),
        closed_on=row.iso_date("close_date"),
        close_value=row.amount("close_value"),
        corrections=tuple(correction for correction, applies in defects.items() if applies),
    )
    if opportunity.account:
        _look_up("account", opportunity.account, accounts)
    _check_close(opportunity)
    _check_dates(opportunity, today)
    return opportunity


def _look_up(column: str, key: str, known: Mapping[str, T]) -> T:
    if key not in known:
        raise RowError(f"{column} {key!r} is unknown.")
    return known[key]


def _parse_stage(text: str) -> Stage:
    try:
        return Stage(text)
    except ValueError:
        raise RowError(f"deal_stage {text!r} is not one of {', '.join(Stage)}.") from None


def _check_close(opportunity: PipelineOpportunity) -> None:
    if opportunity.stage.state == OpportunityState.OPEN:
        if opportunity.closed_on or opportunity.close_value is not None:
            raise RowError(
                f"An opportunity in stage {opportunity.stage} must not have a close_date or close_value."
            )
    else:
        require("close_date", opportunity.closed_on)
    if opportunity.stage == Stage.WON:
        require("close_value", opportunity.close_value)


def _check_dates(opportunity: PipelineOpportunity, today: date) -> None:
    engaged_on, closed_on = opportunity.engaged_on, opportunity.closed_on
    if closed_on and engaged_on and closed_on < engaged_on:
        raise RowError(f"close_date {closed_on} is before engage_date {engaged_on}.")
    if max(engaged_on or today, closed_on or today) > today:
        raise RowError(f"A date is after the day of the import, {today}.")
