"""Terms in which the sample data is written. Times are days before today unless the name says otherwise."""

from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from functools import partial

from db.domain.enums import BillingMethod, OpportunityState, QuoteStatusReason

IN_PROGRESS = "In Progress"
"""The label of a new opportunity's status reason."""


@dataclass(frozen=True, slots=True)
class User:
    """A user of the organization."""

    name: str
    email: str
    manager: "User | None" = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account. ``annual_revenue`` is in millions of US dollars."""

    name: str
    industry: str
    country: str
    established: int
    employees: int
    annual_revenue: int
    parent: "Account | None" = None


@dataclass(frozen=True, slots=True)
class StatusReason:
    """A status reason beyond the seeded ones."""

    label: str
    state: OpportunityState
    description_required: bool = False
    retired_days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """A quote line: a product, or project work if it has a billing method."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    billing_method: BillingMethod | None = None
    not_to_exceed: Decimal | None = None
    customer_budget: Decimal | None = None


def time_and_material(
    name: str, hours: int, rate: int | str, *, limit: int | None = None, budget: int | None = None
) -> QuoteLine:
    """Return project work by the hour, with an optional not-to-exceed limit and customer budget."""
    return QuoteLine(
        name, Decimal(hours), Decimal(rate), BillingMethod.TIME_AND_MATERIAL, _amount(limit), _amount(budget)
    )


def fixed_price(name: str, price: int | str, *, budget: int | None = None) -> QuoteLine:
    """Return project work at a fixed price, with an optional customer budget."""
    return QuoteLine(
        name, Decimal(1), Decimal(price), BillingMethod.FIXED_PRICE, customer_budget=_amount(budget)
    )


def product(name: str, quantity: int | str, price: int | str) -> QuoteLine:
    """Return a number of products."""
    return QuoteLine(name, Decimal(quantity), Decimal(price))


def _amount(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One revision of the quote ``QUO-<number>``. Won and closed ones have ``closed_days_ago``."""

    status_reason: QuoteStatusReason
    number: int
    revision: int = 0
    name: str
    created_days_ago: int
    valid_days: int = 60
    closed_days_ago: int | None = None
    lines: tuple[QuoteLine, ...]


draft = partial(Quote, status_reason=QuoteStatusReason.DRAFT_IN_PROGRESS)
active = partial(Quote, status_reason=QuoteStatusReason.ACTIVE_IN_PROGRESS)
sent = partial(Quote, status_reason=QuoteStatusReason.OPEN)
won = partial(Quote, status_reason=QuoteStatusReason.WON)
lost = partial(Quote, status_reason=QuoteStatusReason.LOST)
canceled = partial(Quote, status_reason=QuoteStatusReason.CANCELED)
revised = partial(Quote, status_reason=QuoteStatusReason.REVISED)


@dataclass(frozen=True, slots=True)
class Close:
    """A close activity, and whether the opportunity was reopened later.

    ``status_reason`` is a label. The default revenue of a won opportunity is the total of its won quote, or
    else its estimated revenue.
    """

    status_reason: str
    closed_days_ago: int
    _: KW_ONLY
    actual_revenue: int | None = None
    competitor: str | None = None
    description: str | None = None
    is_reopened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """An opportunity with its quotes and close activities. ``due_in_days`` is the estimated close date."""

    name: str
    account: Account
    owner: User
    created_days_ago: int
    due_in_days: int
    estimated_revenue: int
    status_reason: str = IN_PROGRESS
    description: str | None = None
    quotes: tuple[Quote, ...] = ()
    closes: tuple[Close, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractingUnit:
    """A contracting unit, its currency and its opportunities."""

    name: str
    currency_code: str
    opportunities: tuple[Opportunity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An organization and everything in it.

    Managers come before their staff, and parent accounts before their subsidiaries. Names are unique across
    users, accounts, competitors and contracting units.
    """

    name: str
    founded_days_ago: int
    users: tuple[User, ...]
    accounts: tuple[Account, ...]
    competitors: tuple[str, ...]
    status_reasons: tuple[StatusReason, ...] = ()
    contracting_units: tuple[ContractingUnit, ...]
