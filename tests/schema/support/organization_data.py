"""The rows of an organization, the same in every run, ids included, so that responses can be stored."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from db import models
from db.domain.caller import Caller, Role
from db.sql.database import Database
from db.sql.statements import insert_statement
from tests.builders import NOW
from tests.schema.planner.edge_values import AMOUNTS, DAYS, INSTANTS, QUANTITIES, TEXTS, pick

Row = dict[str, Any]

REASONS = (
    ("OPEN", 1, "In Progress"),
    ("OPEN", 2, "On Hold"),
    ("WON", 3, "Won"),
    ("LOST", 4, "Canceled"),
    ("LOST", 5, "Out-Sold"),
    ("LOST", None, "Budget frozen"),
    ("WON", None, "won"),
)
_REASON_OF_QUOTE = {"DRAFT": "DRAFT_IN_PROGRESS", "ACTIVE": "OPEN", "WON": "WON"}
_QUOTE_STATES = ("DRAFT", "ACTIVE", "CLOSED", "DRAFT", "CLOSED", "ACTIVE", "DRAFT")
_EFFECTIVE = ((DAYS[0], DAYS[1]), (DAYS[2], DAYS[4]), (DAYS[4], DAYS[3]))

_TABLES: tuple[type[SQLModel], ...] = (
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
    models.ProjectContract,
    models.ProjectContractLine,
    models.Audit,
)
"""Rows refer only to tables before their own. The index of a table is part of its rows' ids."""


def key(organization: int, table: int, number: int) -> UUID:
    """Return the id of the ``number``-th row of a table."""
    return UUID(f"0190{organization:04x}-{table:04x}-7000-8000-{number:012x}")


@dataclass(frozen=True, slots=True)
class OrganizationData:
    """The rows of one organization by model, and one of its users as the caller."""

    rows: dict[type[SQLModel], list[Row]]
    caller: Caller

    def ids(self, model: type[SQLModel]) -> list[UUID]:
        """Return the ids of a table's rows."""
        return [row["id"] for row in self.rows.get(model, [])]

    async def store(self, database: Database) -> None:
        """Insert all rows."""
        async with database.transaction() as transaction:
            for model, rows in self.rows.items():
                await transaction.execute_many(insert_statement(model), rows)


def organization_data(organization: int, opportunities: int) -> OrganizationData:
    """Return the data of an organization with a number of its own and a number of opportunities."""
    builder = _RowBuilder(organization)
    builder.master_data()
    for number in range(opportunities):
        builder.opportunity(number)
    return OrganizationData(builder.rows, Caller(builder.id, builder.key(models.User, 0), Role.ADMIN, NOW))


def twin_of(data: OrganizationData) -> OrganizationData:
    """Return another organization whose rows have the same ids and other texts."""
    organization_id = key(3, 0, 0)
    rows = {
        model: [_renamed(row) | {"organization_id": organization_id} for row in rows]
        for model, rows in data.rows.items()
        if model is not models.Organization
    }
    [organization] = data.rows[models.Organization]
    caller = replace(data.caller, organization_id=organization_id)
    return OrganizationData({models.Organization: [organization | {"id": organization_id}], **rows}, caller)


def _renamed(row: Row) -> Row:
    texts = ("name", "label", "description")
    return row | {column: f"theirs {row[column]}" for column in texts if row.get(column) is not None}


class _RowBuilder:
    def __init__(self, organization: int) -> None:
        self.organization = organization
        self.rows: dict[type[SQLModel], list[Row]] = {model: [] for model in _TABLES}
        self.id = self.key(models.Organization, 0)

    def key(self, model: type[SQLModel], number: int) -> UUID:
        return key(self.organization, _TABLES.index(model), number)

    def next_key(self, model: type[SQLModel]) -> UUID:
        return self.key(model, len(self.rows[model]))

    def add(self, model: type[SQLModel], **columns: Any) -> UUID:
        id_ = self.next_key(model)
        created_at = pick(INSTANTS, len(self.rows[model]), 5)
        row = model(**{"organization_id": self.id, "id": id_, "created_at": created_at, **columns})
        self.rows[model].append(row.model_dump())
        return id_

    def master_data(self) -> None:
        self.add(models.Organization, name=TEXTS[3])
        for number, name in enumerate(TEXTS[:5]):
            manager = self.key(models.User, number // 2) if number else None
            self.add(models.User, name=name, email=f"{number}@example.com", manager_id=manager)
        for name, currency in (("Ports", "EUR"), ("Havner", "NOK")):
            self.add(models.ContractingUnit, name=name, currency_code=currency)
        for number, name in enumerate(TEXTS):
            self.add(models.Account, name=name, **self._company(number))
        for name in TEXTS[4:8]:
            self.add(models.Competitor, name=name)
        for state, code, label in REASONS:
            retired_at = NOW if label == "won" else None
            required = label == "Budget frozen"
            self.add(
                models.StatusReason,
                state=state,
                code=code,
                label=label,
                retired_at=retired_at,
                description_required=required,
            )

    def _company(self, number: int) -> Row:
        return {
            "industry": pick((None, "Shipping", "energy"), number),
            "country": pick(("NO", None, "GB", "日本"), number),
            "established": pick((1890, None, 2001, -44), number),
            "employees": pick((0, 2**31 - 1, None), number),
            "annual_revenue": pick((None, *AMOUNTS), number),
            "parent_account_id": self.key(models.Account, number // 2) if number % 3 == 2 else None,
        }

    def opportunity(self, number: int) -> None:
        state = pick(("OPEN", "WON", "OPEN", "LOST", "OPEN"), number)
        closing = self._closing(number, state)
        id_ = self.add(
            models.Opportunity,
            name=pick(TEXTS, number),
            description=pick((None, *TEXTS), number, 5),
            external_reference=f"CRM-{number}" if number % 4 else None,
            account_id=self.key(models.Account, number * 7 % 11),
            owner_id=self.key(models.User, number % 4),
            contracting_unit_id=self.key(models.ContractingUnit, number % 2),
            state=state,
            estimated_revenue=pick(AMOUNTS, number, 3),
            estimated_close_date=pick((None, *DAYS, None), number),
            close_id=None if state == "OPEN" else self.next_key(models.OpportunityClose),
            version=number % 5 + 1,
            updated_at=pick(INSTANTS, number, 7),
            **closing,
        )
        if state != "OPEN":
            self._close(id_, number, outcome=state, **closing)
        elif number % 4 == 0:
            lost = {"status_reason_id": self.key(models.StatusReason, 4), "closed_on": DAYS[0]}
            self._close(id_, number, outcome="LOST", state="CANCELED", **closing | lost)
        for place in range(number * 5 % 9):
            self._quote(id_, number, place, state)
        name, reason = [None, pick(TEXTS, number)], [None, str(closing["status_reason_id"])]
        self._audit("OPPORTUNITY_CREATED", id_, id_, name=name, statusReasonId=reason)

    def _closing(self, number: int, state: str) -> Row:
        reason = {"OPEN": number % 2, "WON": 2, "LOST": 3 + number % 3}[state]
        is_closed = state != "OPEN"
        return {
            "status_reason_id": self.key(models.StatusReason, reason),
            "actual_revenue": pick((None, *AMOUNTS), number) if is_closed else None,
            "closed_on": pick(DAYS, number, 3) if is_closed else None,
            "currency_code": pick(("EUR", "NOK"), number),
        }

    def _close(self, opportunity_id: UUID, number: int, *, outcome: str, **columns: Any) -> None:
        lost_to = self.key(models.Competitor, number % 4) if outcome == "LOST" and number % 3 else None
        self.add(
            models.OpportunityClose,
            opportunity_id=opportunity_id,
            outcome=outcome,
            competitor_id=lost_to,
            description=pick((None, *TEXTS), number),
            closed_by_id=self.key(models.User, number % 3),
            **columns,
        )

    def _quote(self, opportunity_id: UUID, opportunity: int, place: int, parent: str) -> None:
        number = len(self.rows[models.Quote])
        state = _quote_state(number, place, parent)
        reason = _REASON_OF_QUOTE.get(state) or pick(("LOST", "CANCELED", "REVISED"), number)
        lines = list(_lines(number))
        shared: Row = {
            "currency_code": pick(("EUR", "NOK"), opportunity),
            "total": sum((_total(line) for line in lines), Decimal("0.00")),
        }
        id_ = self.add(
            models.Quote,
            opportunity_id=opportunity_id,
            number=f"{pick(('QUO', 'quo', 'Q'), opportunity)}-{opportunity * 3 + place // 3}",
            revision=place % 3,
            name=pick(TEXTS, number, 4),
            state=state,
            status_reason=reason,
            effective_from=pick(_EFFECTIVE, number)[0] if number % 3 else None,
            effective_to=pick(_EFFECTIVE, number)[1] if number % 4 else None,
            updated_at=pick(INSTANTS, number, 5),
            **shared,
        )
        for line in lines:
            self.add(models.QuoteLine, quote_id=id_, currency_code=shared["currency_code"], **line)
        if state in ("WON", "CLOSED"):
            self._quote_close(id_, number, reason)
            self._audit("QUOTE_CLOSED", opportunity_id, id_, state=["ACTIVE", state])
        if state == "WON":
            self._contract(opportunity_id, id_, lines, **shared)

    def _quote_close(self, quote_id: UUID, number: int, reason: str) -> None:
        self.add(
            models.QuoteClose,
            quote_id=quote_id,
            reason=reason,
            closed_on=pick(DAYS, number),
            description=pick((None, *TEXTS), number, 3),
            closed_by_id=self.key(models.User, number % 5),
        )

    def _contract(self, opportunity_id: UUID, quote_id: UUID, lines: list[Row], **shared: Any) -> None:
        ids = {"quote_id": quote_id, "opportunity_id": opportunity_id}
        id_ = self.add(models.ProjectContract, name="Contract", **ids, **shared)
        for line in lines:
            columns = {"project_contract_id": id_, "currency_code": shared["currency_code"], **line}
            self.add(models.ProjectContractLine, **columns)

    def _audit(self, action: str, opportunity_id: UUID, subject_id: UUID, **changes: Any) -> None:
        number = len(self.rows[models.Audit])
        self.add(
            models.Audit,
            user_id=self.key(models.User, number % 5),
            action=action,
            subject_id=subject_id,
            opportunity_id=opportunity_id,
            details=json.dumps(changes),
            at=pick(INSTANTS, number, 5),
        )


def _quote_state(number: int, place: int, parent: str) -> str:
    if parent == "WON" and place == 0:
        return "WON"
    state = pick(_QUOTE_STATES, number)
    return "CLOSED" if state == "ACTIVE" and parent != "OPEN" else state


def _lines(quote: int) -> Iterator[Row]:
    for position in range(1, quote % 4 + 1):
        number = quote + position
        billing = pick(("TIME_AND_MATERIAL", "FIXED_PRICE", None), number)
        yield {
            "position": position,
            "kind": "PROJECT" if billing else "PRODUCT",
            "name": pick(TEXTS, number),
            "billing_method": billing,
            "not_to_exceed": pick((None, *AMOUNTS), number) if billing == "TIME_AND_MATERIAL" else None,
            "customer_budget": pick((*AMOUNTS, None), number),
            "quantity": pick(QUANTITIES, number),
            "unit_price": pick(AMOUNTS, number, 3),
        }


def _total(line: Row) -> Decimal:
    amount: Decimal = line["quantity"] * line["unit_price"]
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
