"""Deterministic rows: a size always gives the same rows with the same ids."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice
from random import Random
from typing import Any
from uuid import UUID

from db import models
from db.domain.enums import (
    ActivityState,
    OpportunityState,
    QuoteState,
    QuoteStatusReason,
    SeededReason,
)
from db.master_data.organizations import SEEDED_STATUS_REASONS
from tests.benchmarks.data.sizes import Size

Row = dict[str, Any]
Rows = dict[type[Any], list[Row]]
"""Rows by table; each table follows the tables that it references."""

_FOUNDED = datetime(2023, 1, 1, tzinfo=UTC)
_TWO_YEARS = timedelta(days=730)
_IN_MANY_YEARS = date(2099, 12, 31)

_BATCH = 1_000
TABLES = (
    models.Organization,
    models.User,
    models.ContractingUnit,
    models.Account,
    models.Competitor,
    models.StatusReason,
    models.Opportunity,
    models.OpportunityClose,
    models.Quote,
    models.QuoteLine,
    models.QuoteClose,
)
_CURRENCIES = ("EUR", "USD", "GBP", "SEK")
_PLACES = ("Harbour", "Airport", "Refinery", "Hospital", "Campus", "Depot", "Quarry", "Waterworks")
_THINGS = ("crane", "conveyor", "switchgear", "boiler", "lift", "signalling", "pump", "telemetry")
_ACTS = ("retrofit", "renewal", "extension", "migration", "inspection", "replacement")
_CLOSED_STATES = (OpportunityState.WON, OpportunityState.LOST)
_OPEN_QUOTES = (QuoteState.ACTIVE, QuoteState.DRAFT, QuoteState.CLOSED)


def dataset(size: Size) -> Iterator[Rows]:
    """Yield the rows of both organizations in batches; insert all in one transaction."""
    yield from _Organization("Northgate Engineering", _FOUNDED, size).rows()
    yield from _Organization("Southgate Engineering", _FOUNDED + timedelta(days=1), size.neighbour).rows()


class _Organization:
    def __init__(self, name: str, founded: datetime, size: Size) -> None:
        self._random = Random(name)
        self._name = name
        self._founded = founded
        self._size = size
        self._id = self._new_id(founded)
        self._quotes_per_opportunity = cycle((3, 1, 4, 2, 5))
        self._lines_per_quote = cycle((2, 3, 5) if size.has_lines else (0,))
        self._number = 0
        self._batch = _empty_batch()

    def rows(self) -> Iterator[Rows]:
        self._add_master_data()
        yield self._batch
        step = _TWO_YEARS / self._size.opportunities
        moments = (self._founded + index * step for index in range(self._size.opportunities))
        while batch := list(islice(moments, _BATCH)):
            self._batch = _empty_batch()
            for moment in batch:
                self._add_opportunity(moment.replace(microsecond=0))
            yield self._batch

    def _add_master_data(self) -> None:
        created = {"version": 1, "created_at": self._founded}
        required = {"description_required": False, "competitor_required": False}
        self._batch[models.Organization].append({"id": self._id, "name": self._name, **created})
        self._users = [
            self._add(models.User, name=f"Seller {n:03}", email=f"seller{n}@example.com", **created)
            for n in range(self._size.users)
        ]
        self._units = [
            (self._add(models.ContractingUnit, name=f"Unit {code}", currency_code=code, **created), code)
            for code in _CURRENCIES
        ]
        self._accounts = [
            self._add(models.Account, name=f"Customer {n:05} & Sons", **created)
            for n in range(self._size.accounts)
        ]
        self._competitors = [self._add(models.Competitor, name=f"Rival {n:02}", **created) for n in range(20)]
        self._reasons = {
            code: self._add(models.StatusReason, state=state, code=code, label=label, **required, **created)
            for state, code, label in SEEDED_STATUS_REASONS
        }

    def _add_opportunity(self, created_at: datetime) -> None:
        pick = self._random.choice
        state = self._random.choices(tuple(OpportunityState), (40, 35, 25))[0]
        unit, currency = pick(self._units)
        row = {
            "organization_id": self._id,
            "id": self._new_id(created_at),
            "name": f"{pick(_PLACES)} {pick(_THINGS)} {pick(_ACTS)}",
            "account_id": pick(self._accounts),
            "owner_id": pick(self._users),
            "contracting_unit_id": unit,
            "currency_code": currency,
            "state": state,
            "status_reason_id": self._reasons[self._reason_of(state)],
            "estimated_revenue": self._amount(200_000_000),
            "estimated_close_date": (created_at + timedelta(days=self._random.randint(30, 400))).date(),
            "version": 1,
            "created_at": created_at,
            "updated_at": created_at,
        }
        self._batch[models.Opportunity].append(row)
        if state in _CLOSED_STATES:
            self._close_opportunity(row)
        self._add_quotes(row)

    def _reason_of(self, state: OpportunityState) -> SeededReason:
        return {
            OpportunityState.OPEN: self._random.choice((SeededReason.IN_PROGRESS, SeededReason.ON_HOLD)),
            OpportunityState.WON: SeededReason.WON,
            OpportunityState.LOST: self._random.choice((SeededReason.CANCELED, SeededReason.OUT_SOLD)),
        }[state]

    def _close_opportunity(self, opportunity: Row) -> None:
        lost = opportunity["state"] == OpportunityState.LOST
        outcome = {
            "actual_revenue": None if lost else opportunity["estimated_revenue"],
            "closed_on": opportunity["created_at"].date() + timedelta(days=self._random.randint(20, 300)),
        }
        opportunity |= outcome
        opportunity["close_id"] = self._add(
            models.OpportunityClose,
            opportunity_id=opportunity["id"],
            state=ActivityState.COMPLETED,
            outcome=opportunity["state"],
            status_reason_id=opportunity["status_reason_id"],
            currency_code=opportunity["currency_code"],
            competitor_id=self._random.choice(self._competitors) if lost else None,
            closed_by_id=opportunity["owner_id"],
            created_at=opportunity["created_at"],
            **outcome,
        )

    def _add_quotes(self, opportunity: Row) -> None:
        states = self._states_of_quotes(opportunity["state"], next(self._quotes_per_opportunity))
        for days, state in enumerate(states):
            self._add_quote(opportunity, state, opportunity["created_at"] + timedelta(days=days))

    def _states_of_quotes(self, state: str, count: int) -> list[QuoteState]:
        if state == OpportunityState.OPEN:
            return self._random.choices(_OPEN_QUOTES, (45, 30, 25), k=count)
        first = QuoteState.WON if state == OpportunityState.WON else QuoteState.CLOSED
        return [first] + [QuoteState.CLOSED] * (count - 1)

    def _add_quote(self, opportunity: Row, state: QuoteState, created_at: datetime) -> None:
        self._number += 1
        row = {
            "organization_id": self._id,
            "id": self._new_id(created_at),
            "opportunity_id": opportunity["id"],
            "number": f"QUO-{self._number:07}",
            "revision": self._random.choice((0, 0, 0, 1, 2)),
            "name": f"{opportunity['name']}, variant {self._number % 5 + 1}",
            "state": state,
            "status_reason": self._reason_of_quote(state),
            "currency_code": opportunity["currency_code"],
            "effective_from": created_at.date(),
            "effective_to": self._random.choice(
                (None, created_at.date() + timedelta(days=60), _IN_MANY_YEARS)
            ),
            "version": 1,
            "created_at": created_at,
            "updated_at": created_at,
        }
        row["total"] = self._add_lines(row) or self._amount(10_000_000)
        self._batch[models.Quote].append(row)
        if state in (QuoteState.WON, QuoteState.CLOSED):
            self._close_quote(row, opportunity["owner_id"])

    def _reason_of_quote(self, state: QuoteState) -> QuoteStatusReason:
        return {
            QuoteState.DRAFT: QuoteStatusReason.DRAFT_IN_PROGRESS,
            QuoteState.ACTIVE: QuoteStatusReason.OPEN,
            QuoteState.WON: QuoteStatusReason.WON,
            QuoteState.CLOSED: self._random.choice((QuoteStatusReason.LOST, QuoteStatusReason.CANCELED)),
        }[state]

    def _add_lines(self, quote: Row) -> Decimal:
        total = Decimal(0)
        for position in range(1, next(self._lines_per_quote) + 1):
            quantity = Decimal(self._random.randint(1, 40))
            unit_price = self._amount(500_000)
            total += quantity * unit_price
            self._add(
                models.QuoteLine,
                quote_id=quote["id"],
                position=position,
                kind="PRODUCT",
                name=f"{self._random.choice(_THINGS)}, lot {position}",
                quantity=quantity,
                unit_price=unit_price,
                currency_code=quote["currency_code"],
            )
        return total

    def _close_quote(self, quote: Row, closed_by: UUID) -> None:
        self._add(
            models.QuoteClose,
            quote_id=quote["id"],
            reason=quote["status_reason"],
            closed_on=quote["created_at"].date() + timedelta(days=15),
            closed_by_id=closed_by,
            created_at=quote["created_at"],
        )

    def _add(self, table: type[Any], **values: Any) -> UUID:
        row_id = self._new_id(values.get("created_at", self._founded))
        self._batch[table].append({"organization_id": self._id, "id": row_id, **values})
        return row_id

    def _amount(self, highest: int) -> Decimal:
        return Decimal(self._random.randint(100, highest)).scaleb(-2)

    def _new_id(self, moment: datetime) -> UUID:
        """Return a UUIDv7 of a moment, with random bits from the seeded generator."""
        milliseconds = int(moment.timestamp() * 1000)
        return UUID(
            int=milliseconds << 80
            | 7 << 76
            | self._random.getrandbits(12) << 64
            | 2 << 62
            | self._random.getrandbits(62)
        )


def _empty_batch() -> Rows:
    return {table: [] for table in TABLES}
