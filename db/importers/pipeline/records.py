"""Parse the pipeline's CSV files into typed rows: sales agents, accounts and opportunities."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from db.domain.enums import OpportunityState
from db.domain.names import is_name
from db.domain.validation import Problems, validate_text
from db.importers.csv_reader import (
    CsvDirectory,
    CsvFile,
    CsvRow,
    ImportSourceError,
    RowError,
    require,
    validate,
)
from db.importers.hierarchy import reject_hierarchy
from db.master_data.accounts import FIELD_VALIDATORS as ACCOUNT_VALIDATORS
from db.master_data.accounts import check_parent_chain
from db.opportunities.references import FIELD_VALIDATORS as OPPORTUNITY_VALIDATORS

T = TypeVar("T")

TEAMS_FILE = "sales_teams.csv"
PIPELINE_FILE = "sales_pipeline.csv"

NO_ACCOUNT = "No account yet"
"""The account of opportunities whose account the files leave empty."""

QUOTE_NUMBER_PREFIX = "CRM-"
"""Keeps the numbers of imported quotes apart from those that Dealdesk assigns."""

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

    line: int
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

    @property
    def quote_number(self) -> str:
        """The number of the quote of an open opportunity."""
        return f"{QUOTE_NUMBER_PREFIX}{self.reference}"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The valid rows of the four files by name or reference, and the rejected rows."""

    name: str
    agents: Mapping[str, SalesAgent]
    accounts: Mapping[str, PipelineAccount]
    opportunities: Mapping[str, PipelineOpportunity]
    files: CsvDirectory


def placeholder_email(name: str) -> str:
    """Return an address for a person of whom only the name is known, in a domain that is never used."""
    return f"{'.'.join(name.casefold().split())}@example.com"


def read_pipeline(directory: Path, *, today: date) -> Pipeline:
    """Read the four files. The pipeline's name is that of the directory.

    Raises:
        ImportSourceError: a file is missing or invalid, sales_teams.csv contains no agent, or the directory's
            name can't be the one of an organization.
    """
    name = directory.resolve().name
    if not is_name(name):
        raise ImportSourceError(
            f"The directory's name {name!r} contains characters that the name of an organization must not"
            " contain. Rename it."
        )
    files = CsvDirectory(directory)
    agents = files.read(TEAMS_FILE, _AGENT_COLUMNS, _parse_agent)
    _reject_same_addresses(files, agents)
    reject_hierarchy(
        files, agents, "manager", {name: agent.manager for name, agent in agents.rows.items()}, _check_manager
    )
    if not agents.rows:
        problems = [f" Line {row.line}: {row.reason}" for row in files.rejected]
        problems += [f" Line {rest.line}: {rest.reason}" for rest in files.unreadable]
        raise ImportSourceError(
            f"{TEAMS_FILE} contains no {'valid ' if problems else ''}agent, so no opportunity would have an"
            f" owner.{''.join(problems[:1])}"
        )
    accounts = files.read("accounts.csv", _ACCOUNT_COLUMNS, _parse_account)
    reject_hierarchy(files, accounts, "subsidiary_of", _known_parents(accounts), check_parent_chain)
    prices = files.read("products.csv", _PRODUCT_COLUMNS, _parse_price)
    parse = partial(
        _parse_opportunity, agents=agents.rows, accounts=accounts.rows, prices=prices.rows, today=today
    )
    opportunities = files.read(PIPELINE_FILE, _OPPORTUNITY_COLUMNS, parse)
    return Pipeline(name, agents.rows, accounts.rows, opportunities.rows, files)


def _parse_agent(row: CsvRow) -> SalesAgent:
    return SalesAgent(row.line, *(require(column, row.text(column)) for column in _AGENT_COLUMNS))


def _reject_same_addresses(files: CsvDirectory, agents: CsvFile[SalesAgent]) -> None:
    """Reject the rows with a person who would become the same user as another one of an earlier row."""
    names: dict[str, str] = {}
    for agent in list(agents.rows.values()):
        for name in (agent.name, agent.manager):
            if (other := names.setdefault(placeholder_email(name), name)) != name:
                files.reject(agents, agent.name, same_address(name, other))
                break


def same_address(name: str, other: str) -> str:
    """Return the reason to reject a row with a person who would become the same user as another one."""
    return (
        f"{name!r} and {other!r} would be one user, {placeholder_email(name)}. Write the name of one person"
        " in one way; let the names of two persons differ in a letter."
    )


def _check_manager(problems: Problems, agent: str, managers: AbstractSet[str]) -> None:
    if agent in managers:
        problems.add("MANAGER_BELOW", "The manager reports to this agent. Name another one.", ("manager",))


def _parse_price(row: CsvRow) -> Decimal:
    return require("sales_price", row.amount("sales_price"))


def _parse_account(row: CsvRow) -> PipelineAccount:
    if row.texts["account"].casefold() == NO_ACCOUNT.casefold():
        raise RowError(f"{NO_ACCOUNT!r} is the account of opportunities without one. Rename this account.")
    sector, country = row.text("sector"), row.text("office_location")
    return PipelineAccount(
        industry=_MISSPELLINGS.get(sector, sector) if sector else None,
        country=_MISSPELLINGS.get(country, country) if country else None,
        established=_validate_account(row.integer("year_established"), "year_established", "established"),
        employees=_validate_account(row.integer("employees"), "employees", "employees"),
        annual_revenue=row.amount("revenue"),
        parent=row.text("subsidiary_of"),
        corrections=(Correction.SPELLING,) if {sector, country} & _MISSPELLINGS.keys() else (),
    )


def _validate_account(value: T, column: str, field: str) -> T:
    return value if value is None else validate(column, value, ACCOUNT_VALIDATORS[field])


def _known_parents(accounts: CsvFile[PipelineAccount]) -> dict[str, str]:
    """Return the parents of accounts, and remove those that have no row in a complete file."""
    parents = {}
    for name, account in accounts.rows.items():
        if account.parent is None:
            continue
        if account.parent in accounts.rows or account.parent in accounts.rejected_keys:
            parents[name] = account.parent
        elif accounts.is_complete:
            corrections = (*account.corrections, Correction.NO_PARENT)
            accounts.rows[name] = replace(account, parent=None, corrections=corrections)
        else:
            accounts.rejected_keys.add(account.parent)
            parents[name] = account.parent
    return parents


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
    validate("opportunity_name", opportunity.name, OPPORTUNITY_VALIDATORS["name"])
    validate("quote_number", opportunity.quote_number, validate_text)
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
