"""What the CSV files say, in exact types: agents, accounts and deals, before any of it lands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from db.domain.enums import OpportunityState
from db.importers.pipeline.csv_reader import ImportSourceError, Record, RowError, Source, needed
from db.importers.pipeline.report import Correction, RejectedRow

T = TypeVar("T")

PIPELINE = "sales_pipeline.csv"

_SPELLINGS = {"technolgy": "technology", "Philipines": "Philippines"}
_PRODUCT_NAMES = {"GTXPro": "GTX Pro"}


class Stage(StrEnum):
    """How far a deal has come."""

    PROSPECTING = "Prospecting"
    ENGAGING = "Engaging"
    WON = "Won"
    LOST = "Lost"


_STATES = {Stage.WON: OpportunityState.WON, Stage.LOST: OpportunityState.LOST}


@dataclass(frozen=True, slots=True)
class Agent:
    """Who sells, for whom, and where."""

    name: str
    manager: str
    office: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A row of accounts.csv, spelling corrected; the revenue is in millions of US dollars."""

    industry: str | None = None
    country: str | None = None
    established: int | None = None
    employees: int | None = None
    annual_revenue: Decimal | None = None
    parent: str | None = None
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class Deal:
    """A row of sales_pipeline.csv whose agent, product and account are known and whose dates make sense."""

    line: int
    reference: str
    agent: Agent
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
        """The name of its opportunity."""
        return f"{self.product} for {self.account}" if self.account else f"{self.product}, no account yet"

    @property
    def state(self) -> OpportunityState:
        """The state of its opportunity."""
        return _STATES.get(self.stage, OpportunityState.OPEN)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything that can land, and the rows that can't."""

    name: str
    agents: Mapping[str, Agent]
    customers: Mapping[str, Customer]
    deals: Mapping[str, Deal]
    rejected: list[RejectedRow]


def read_pipeline(directory: Path, *, today: date) -> Pipeline:
    """Read the four files.

    Raises:
        ImportUnreadable: a file is missing or no such table, or sales_teams.csv names no agent.
    """
    source = Source(directory)
    agents = source.read("sales_teams.csv", ("sales_agent", "manager", "regional_office"), _agent)
    if not agents:
        raise ImportSourceError("sales_teams.csv names no agent, so no deal would have an owner.")
    customers = source.read("accounts.csv", _ACCOUNT_COLUMNS, _customer)
    prices = source.read("products.csv", ("product", "series", "sales_price"), _price)
    customers = {name: _with_known_parent(customer, customers) for name, customer in customers.items()}
    deal = partial(_deal, agents=agents, customers=customers, prices=prices, today=today)
    deals = source.read(PIPELINE, _DEAL_COLUMNS, deal)
    return Pipeline(directory.resolve().name, agents, customers, deals, source.rejected)


_ACCOUNT_COLUMNS = (
    "account",
    "sector",
    "year_established",
    "revenue",
    "employees",
    "office_location",
    "subsidiary_of",
)
_DEAL_COLUMNS = (
    "opportunity_id",
    "sales_agent",
    "product",
    "account",
    "deal_stage",
    "engage_date",
    "close_date",
    "close_value",
)


def _agent(record: Record) -> Agent:
    columns = ("sales_agent", "manager", "regional_office")
    return Agent(*(needed(column, record.text(column)) for column in columns))


def _price(record: Record) -> Decimal:
    return needed("sales_price", record.amount("sales_price"))


def _customer(record: Record) -> Customer:
    sector, country = record.text("sector"), record.text("office_location")
    return Customer(
        industry=_corrected(sector),
        country=_corrected(country),
        established=record.whole_number("year_established"),
        employees=record.whole_number("employees"),
        annual_revenue=record.amount("revenue"),
        parent=record.text("subsidiary_of"),
        corrections=(Correction.SPELLING,) if sector in _SPELLINGS or country in _SPELLINGS else (),
    )


def _with_known_parent(customer: Customer, customers: Mapping[str, Customer]) -> Customer:
    if customer.parent is None or customer.parent in customers:
        return customer
    return replace(customer, parent=None, corrections=(*customer.corrections, Correction.NO_PARENT))


def _corrected(text: str | None) -> str | None:
    return text and _SPELLINGS.get(text, text)


def _deal(
    record: Record,
    *,
    agents: Mapping[str, Agent],
    customers: Mapping[str, Customer],
    prices: Mapping[str, Decimal],
    today: date,
) -> Deal:
    product = _PRODUCT_NAMES.get(record.texts["product"], record.texts["product"])
    deal = Deal(
        line=record.line,
        reference=record.texts["opportunity_id"],
        agent=_known("sales_agent", record.texts["sales_agent"], agents),
        account=record.text("account"),
        product=product,
        list_price=_known("product", product, prices),
        stage=_stage(record.texts["deal_stage"]),
        engaged_on=record.day("engage_date"),
        closed_on=record.day("close_date"),
        close_value=record.amount("close_value"),
        corrections=tuple(_quirks(record)),
    )
    if deal.account:
        _known("account", deal.account, customers)
    _check_closing(deal)
    _check_days(deal, today)
    return deal


def _quirks(record: Record) -> Iterator[Correction]:
    if record.texts["product"] in _PRODUCT_NAMES:
        yield Correction.PRODUCT_NAME
    if not record.texts["account"]:
        yield Correction.NO_ACCOUNT
    if not record.texts["engage_date"]:
        yield Correction.NO_ENGAGE_DATE


def _known(column: str, key: str, known: Mapping[str, T]) -> T:
    if key not in known:
        raise RowError(f"{column} {key!r} is unknown.")
    return known[key]


def _stage(text: str) -> Stage:
    try:
        return Stage(text)
    except ValueError:
        raise RowError(f"deal_stage {text!r} is none of {', '.join(Stage)}.") from None


def _check_closing(deal: Deal) -> None:
    if deal.state == OpportunityState.OPEN:
        if deal.closed_on or deal.close_value is not None:
            raise RowError(f"A deal in stage {deal.stage} has no close_date and no close_value.")
    else:
        needed("close_date", deal.closed_on)
    if deal.state == OpportunityState.WON:
        needed("close_value", deal.close_value)


def _check_days(deal: Deal, today: date) -> None:
    if deal.closed_on and deal.engaged_on and deal.closed_on < deal.engaged_on:
        raise RowError(f"close_date {deal.closed_on} is before engage_date {deal.engaged_on}.")
    if max(deal.engaged_on or today, deal.closed_on or today) > today:
        raise RowError(f"A date is after the day of the import, {today}.")
