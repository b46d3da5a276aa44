"""Storing one company of the sample with everything in it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import SQLModel, col, select

from db import models
from db.audit.log import append_audit_as
from db.domain.ids import new_id
from db.master_data.organizations import create_organization, insert_rows
from db.opportunities.audit_backfill import reconstruct_audit
from db.sample_data.declared.spec import IN_PROGRESS, Company
from db.sample_data.load_context import Calendar, LoadContext
from db.sample_data.opportunity_rows import deal_rows
from db.sql.database import Transaction
from db.sql.statements import Statement


async def load_company(transaction: Transaction, company: Company, calendar: Calendar) -> None:
    """Insert an organization and everything in it."""
    founded = calendar.instant(company.founded)
    organization_id = await create_organization(transaction, company.name, now=founded)
    await insert_rows(transaction, _reasons(company, organization_id, calendar))
    reasons = await transaction.rows(_REASONS, organization=organization_id)
    setting = LoadContext(
        organization_id=organization_id,
        calendar=calendar,
        ids={name: new_id() for name in _names(company)},
        reasons={reason.label: (reason.id, reason.state) for reason in reasons},
    )
    await insert_rows(transaction, _master_data(company, setting, founded))
    deals = [list(deal_rows(deal, unit, setting)) for unit in company.units for deal in unit.deals]
    await insert_rows(transaction, chain.from_iterable(deals))
    open_reason_id, _ = setting.reasons[IN_PROGRESS]
    await append_audit_as(
        transaction, (act for rows in deals for act in reconstruct_audit(rows, open_reason_id))
    )


def _reasons(company: Company, organization_id: UUID, calendar: Calendar) -> Iterator[SQLModel]:
    for reason in company.reasons:
        yield models.StatusReason(
            organization_id=organization_id,
            id=new_id(),
            state=reason.state,
            label=reason.label,
            description_required=reason.description_required,
            retired_at=None if reason.retired is None else calendar.instant(reason.retired),
            created_at=calendar.instant(company.founded),
        )


def _names(company: Company) -> Iterator[str]:
    yield from (person.name for person in company.people)
    yield from (unit.name for unit in company.units)
    yield from (customer.name for customer in company.customers)
    yield from company.competitors


def _master_data(company: Company, setting: LoadContext, founded: datetime) -> Iterator[SQLModel]:
    for person in company.people:
        yield models.User(
            **setting.keys(person.name),
            name=person.name,
            email=person.email,
            manager_id=setting.ids[person.manager.name] if person.manager else None,
            created_at=founded,
        )
    for unit in company.units:
        yield models.ContractingUnit(
            **setting.keys(unit.name), name=unit.name, currency_code=unit.currency, created_at=founded
        )
    for customer in company.customers:
        yield models.Account(
            **setting.keys(customer.name),
            name=customer.name,
            industry=customer.industry,
            country=customer.country,
            established=customer.established,
            employees=customer.employees,
            annual_revenue=Decimal(customer.annual_revenue),
            parent_account_id=setting.ids[customer.parent.name] if customer.parent else None,
            created_at=founded,
        )
    for name in company.competitors:
        yield models.Competitor(**setting.keys(name), name=name, created_at=founded)


_REASONS = Statement(
    select(models.StatusReason.label, models.StatusReason.id, models.StatusReason.state).where(
        col(models.StatusReason.organization_id) == bindparam("organization")
    )
)
