"""The words in which the sample is written down. Days count back from today unless they say otherwise."""

from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from functools import partial

from db.domain.enums import BillingMethod, OpportunityState, QuoteStatusReason

IN_PROGRESS = "In Progress"
"""The label of the status reason that an opportunity has until it gets another one."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user."""

    name: str
    email: str
    manager: "Person | None" = None


@dataclass(frozen=True, slots=True)
class Customer:
    """An account; its annual revenue is in millions of US dollars."""

    name: str
    industry: str
    country: str
    established: int
    employees: int
    annual_revenue: int
    parent: "Customer | None" = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A status reason of the organization's own; ``retired`` is the day on which it was."""

    label: str
    state: OpportunityState
    description_required: bool = False
    retired: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an offer: a product unless it has a billing method."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    billing: BillingMethod | None = None
    limit: Decimal | None = None
    budget: Decimal | None = None


def time_and_material(
    name: str, hours: int, rate: int | str, *, limit: int | None = None, budget: int | None = None
) -> Line:
    """Offer project work by the hour, with or without a limit that is not to be exceeded."""
    return Line(
        name, Decimal(hours), Decimal(rate), BillingMethod.TIME_AND_MATERIAL, _amount(limit), _amount(budget)
    )


def fixed_price(name: str, price: int | str, *, budget: int | None = None) -> Line:
    """Offer project work at one price."""
    return Line(name, Decimal(1), Decimal(price), BillingMethod.FIXED_PRICE, budget=_amount(budget))


def product(name: str, quantity: int | str, price: int | str) -> Line:
    """Offer a number of products."""
    return Line(name, Decimal(quantity), Decimal(price))


def _amount(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One revision of a quote: QUO- and its number. ``decided`` is the day on which it was won or closed."""

    reason: QuoteStatusReason
    number: int
    revision: int = 0
    name: str
    created: int
    valid_for: int = 60
    decided: int | None = None
    lines: tuple[Line, ...]


draft = partial(Offer, reason=QuoteStatusReason.DRAFT_IN_PROGRESS)
active = partial(Offer, reason=QuoteStatusReason.ACTIVE_IN_PROGRESS)
sent = partial(Offer, reason=QuoteStatusReason.OPEN)
won = partial(Offer, reason=QuoteStatusReason.WON)
lost = partial(Offer, reason=QuoteStatusReason.LOST)
canceled = partial(Offer, reason=QuoteStatusReason.CANCELED)
revised = partial(Offer, reason=QuoteStatusReason.REVISED)


@dataclass(frozen=True, slots=True)
class Closing:
    """How a deal was closed, and whether it was reopened later.

    A won deal brings the won quote's total, or else the estimate, unless a revenue is given.
    """

    reason: str
    closed: int
    _: KW_ONLY
    revenue: int | None = None
    competitor: str | None = None
    description: str | None = None
    reopened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """An opportunity; ``due`` is its estimated close date in days from today."""

    name: str
    account: Customer
    owner: Person
    created: int
    due: int
    estimate: int
    reason: str = IN_PROGRESS
    description: str | None = None
    offers: tuple[Offer, ...] = ()
    closings: tuple[Closing, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A contracting unit with the currency and the deals that it has."""

    name: str
    currency: str
    deals: tuple[Deal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """An organization and everything in it.

    Managers stand before those whom they manage, parent companies before their subsidiaries. A name means one
    thing, whether it is a person's, a customer's, a competitor's or a unit's.
    """

    name: str
    founded: int
    people: tuple[Person, ...]
    customers: tuple[Customer, ...]
    competitors: tuple[str, ...]
    reasons: tuple[Reason, ...] = ()
    units: tuple[Unit, ...]
