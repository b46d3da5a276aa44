"""Load the sample data into an empty database."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain

from sqlalchemy import bindparam
from sqlmodel import SQLModel, col, select

from db import models
from db.audit.log import append_audit_as
from db.domain.ids import new_id
from db.master_data.bulk_insert import insert_rows
from db.master_data.organizations import create_organization
from db.opportunities.audit_backfill import reconstruct_audit
from db.sample_data.declared.corvane import CORVANE
from db.sample_data.declared.lowmoor import LOWMOOR
from db.sample_data.declared.spec import IN_PROGRESS, Organization
from db.sample_data.load_context import Calendar, LoadContext
from db.sample_data.opportunity_rows import opportunity_rows
from db.sql.database import Database, Transaction
from db.sql.statements import Statement

_STATUS_REASONS = Statement(
    select(models.StatusReason.label, models.StatusReason.id, models.StatusReason.state).where(
        col(models.StatusReason.organization_id) == bindparam("organization_id")
    )
)


async def load_sample_data(database: Database, *, now: datetime) -> None:
    """Insert both sample organizations into an empty database, in one transaction.

    All dates are relative to ``now`` (UTC); everything else is the same every time. Corvane Engineering is
    the older organization, so its first user is the default user.
    """
    calendar = Calendar(now.date())

    async def work(transaction: Transaction) -> None:
        for organization in (CORVANE, LOWMOOR):
            await _load_organization(transaction, organization, calendar)

    await database.write(work)


async def _load_organization(
    transaction: Transaction, organization: Organization, calendar: Calendar
) -> None:
    founded_at = calendar.instant(organization.founded_days_ago)
    organization_id = await create_organization(transaction, organization.name, now=founded_at)
    own_reasons = [
        models.StatusReason(
            organization_id=organization_id,
            id=new_id(),
            state=reason.state,
            label=reason.label,
            description_required=reason.description_required,
            retired_at=None if reason.retired_days_ago is None else calendar.instant(reason.retired_days_ago),
            created_at=founded_at,
        )
        for reason in organization.status_reasons
    ]
    await insert_rows(transaction, own_reasons)
    reasons = await transaction.rows(_STATUS_REASONS, organization_id=organization_id)
    names = (
        *(user.name for user in organization.users),
        *(unit.name for unit in organization.contracting_units),
        *(account.name for account in organization.accounts),
        *organization.competitors,
    )
    context = LoadContext(
        organization_id=organization_id,
        calendar=calendar,
        ids={name: new_id() for name in names},
        status_reasons={reason.label: (reason.id, reason.state) for reason in reasons},
    )
    await insert_rows(transaction, _master_data_rows(organization, context, founded_at))
    groups = [
        list(opportunity_rows(opportunity, unit, context))
        for unit in organization.contracting_units
        for opportunity in unit.opportunities
    ]
    await insert_rows(transaction, chain.from_iterable(groups))
    open_reason_id, _ = context.status_reasons[IN_PROGRESS]
    audit = chain.from_iterable(reconstruct_audit(rows, open_reason_id) for rows in groups)
    await append_audit_as(transaction, audit)


def _master_data_rows(
    organization: Organization, context: LoadContext, founded_at: datetime
) -> Iterator[SQLModel]:
    for user in organization.users:
        yield models.User(
            organization_id=context.organization_id,
            id=context.ids[user.name],
            name=user.name,
            email=user.email,
            manager_id=context.ids[user.manager.name] if user.manager else None,
            created_at=founded_at,
        )
    for unit in organization.contracting_units:
        yield models.ContractingUnit(
            organization_id=context.organization_id,
            id=context.ids[unit.name],
            name=unit.name,
            currency_code=unit.currency_code,
            created_at=founded_at,
        )
    for account in organization.accounts:
        yield models.Account(
            organization_id=context.organization_id,
            id=context.ids[account.name],
            name=account.name,
            industry=account.industry,
            country=account.country,
            established=account.established,
            employees=account.employees,
            annual_revenue=Decimal(account.annual_revenue),
            parent_account_id=context.ids[account.parent.name] if account.parent else None,
            created_at=founded_at,
        )
    for name in organization.competitors:
        yield models.Competitor(
            organization_id=context.organization_id, id=context.ids[name], name=name, created_at=founded_at
        )
