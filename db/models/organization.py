"""The organization and its master data: users, contracting units, accounts, competitors, status reasons."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.models.ddl.sort_keys import list_index
from db.models.tenant_scoped import (
    TenantScoped,
    currency_checks,
    organization_foreign_key,
    scoped_foreign_key,
)
from db.sql.column_types import Amount, CurrencyCode, Id, Instant, Name
from db.sql.tables import table_of


class Organization(SQLModel, table=True):
    """The tenant: every other row belongs to exactly one organization."""

    __tablename__ = "organization"

    id: UUID = Field(sa_type=Id, primary_key=True)
    name: str = Field(sa_type=Name)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class User(TenantScoped, table=True):
    """A member of the organization, who owns opportunities and closes them."""

    __tablename__ = "app_user"  # "user" is a reserved word in PostgreSQL
    __table_args__ = (
        organization_foreign_key("app_user"),
        scoped_foreign_key("app_user", "manager_id", name="app_user_manager"),
        UniqueConstraint("organization_id", "email", name="app_user_email"),
    )

    name: str = Field(sa_type=Name)
    email: str = Field(sa_type=Text)
    manager_id: UUID | None = Field(default=None, sa_type=Id)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class ContractingUnit(TenantScoped, table=True):
    """The division that delivers a project, with its currency (ISO 4217)."""

    __tablename__ = "contracting_unit"
    __table_args__ = (
        organization_foreign_key("contracting_unit"),
        UniqueConstraint("organization_id", "name", name="contracting_unit_name"),
        *currency_checks("contracting_unit"),
    )

    name: str = Field(sa_type=Name)
    currency_code: str = Field(sa_type=CurrencyCode)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class Account(TenantScoped, table=True):
    """A customer. ``annual_revenue`` is in millions of US dollars."""

    __tablename__ = "account"
    __table_args__ = (
        organization_foreign_key("account"),
        scoped_foreign_key("account", "parent_account_id", name="account_parent"),
        UniqueConstraint("organization_id", "name", name="account_name"),
    )

    name: str = Field(sa_type=Name)
    industry: str | None = Field(default=None, sa_type=Text)
    country: str | None = Field(default=None, sa_type=Text)
    established: int | None = None
    employees: int | None = None
    annual_revenue: Decimal | None = Field(default=None, sa_type=Amount)
    parent_account_id: UUID | None = Field(default=None, sa_type=Id)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class Competitor(TenantScoped, table=True):
    """A company to which an opportunity may be lost."""

    __tablename__ = "competitor"
    __table_args__ = (
        organization_foreign_key("competitor"),
        UniqueConstraint("organization_id", "name", name="competitor_name"),
    )

    name: str = Field(sa_type=Name)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class StatusReason(TenantScoped, table=True):
    """Why an opportunity is in its state. ``code`` is the one of Dataverse; only seeded reasons have it."""

    __tablename__ = "status_reason"
    __table_args__ = (
        organization_foreign_key("status_reason"),
        UniqueConstraint("organization_id", "id", "state", name="status_reason_state"),
        UniqueConstraint("organization_id", "code", name="status_reason_code"),
        UniqueConstraint("organization_id", "state", "label", name="status_reason_label"),
        CheckConstraint("state IN ('OPEN', 'WON', 'LOST')", name="status_reason_state_known"),
    )

    state: str = Field(sa_type=Text)
    code: int | None = None
    label: str = Field(sa_type=Name)
    description_required: bool = False
    competitor_required: bool = False
    retired_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


for _model in (User, ContractingUnit, Account, Competitor):
    list_index(f"{_model.__tablename__}_by_name", table_of(_model).c.name)
list_index("status_reason_by_label", table_of(StatusReason).c.label)
