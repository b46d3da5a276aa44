"""Opportunities and the activities that close them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from db.domain.enums import ActivityState, OpportunityState
from db.models.ddl.sort_keys import list_index
from db.models.tenant_scoped import (
    TenantScoped,
    currency_checks,
    organization_foreign_key,
    scoped_foreign_key,
)
from db.sql.column_types import Amount, CurrencyCode, Id, Instant, Name
from db.sql.tables import table_of


class Opportunity(TenantScoped, table=True):
    """A potential sale to one account, owned by one user, in one contracting unit and one currency.

    ``open_key`` is set while the opportunity is open, and active quotes reference it: so the database
    itself refuses a closed opportunity with an active quote.
    """

    __tablename__ = "opportunity"
    __table_args__ = (
        organization_foreign_key("opportunity"),
        scoped_foreign_key("account", "account_id", name="opportunity_account"),
        scoped_foreign_key("app_user", "owner_id", name="opportunity_owner"),
        scoped_foreign_key("contracting_unit", "contracting_unit_id", name="opportunity_contracting_unit"),
        ForeignKeyConstraint(
            ["organization_id", "status_reason_id", "state"],
            ["status_reason.organization_id", "status_reason.id", "status_reason.state"],
            name="opportunity_status_reason",
        ),
        ForeignKeyConstraint(
            ["organization_id", "id", "close_id"],
            [
                "opportunity_close.organization_id",
                "opportunity_close.opportunity_id",
                "opportunity_close.id",
            ],
            name="opportunity_closed_by_activity",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        UniqueConstraint("organization_id", "open_key", name="opportunity_open_key"),
        UniqueConstraint("organization_id", "id", "currency_code", name="opportunity_currency"),
        UniqueConstraint("organization_id", "external_reference", name="opportunity_external_reference"),
        CheckConstraint("state IN ('OPEN', 'WON', 'LOST')", name="opportunity_state_known"),
        CheckConstraint("(state = 'OPEN') = (close_id IS NULL)", name="opportunity_closed_with_activity"),
        CheckConstraint("(state = 'OPEN') = (closed_on IS NULL)", name="opportunity_closed_on_a_day"),
        CheckConstraint("state <> 'OPEN' OR actual_revenue IS NULL", name="opportunity_open_without_revenue"),
        *currency_checks("opportunity"),
        CheckConstraint("estimated_revenue >= 0", name="opportunity_estimate_not_negative"),
        CheckConstraint("actual_revenue >= 0", name="opportunity_revenue_not_negative"),
    )

    external_reference: str | None = Field(default=None, sa_type=Text)
    name: str = Field(sa_type=Name)
    description: str | None = Field(default=None, sa_type=Text)
    account_id: UUID = Field(sa_type=Id)
    owner_id: UUID = Field(sa_type=Id)
    contracting_unit_id: UUID = Field(sa_type=Id)
    currency_code: str = Field(sa_type=CurrencyCode)
    state: str = Field(default=OpportunityState.OPEN, sa_type=Text)
    status_reason_id: UUID = Field(sa_type=Id)
    estimated_revenue: Decimal = Field(sa_type=Amount)
    estimated_close_date: date | None = None
    actual_revenue: Decimal | None = Field(default=None, sa_type=Amount)
    closed_on: date | None = None
    close_id: UUID | None = Field(default=None, sa_type=Id)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    open_key: UUID | None = Field(
        default=None,
        sa_type=Id,
        sa_column_args=(Computed("CASE WHEN state = 'OPEN' THEN id END", persisted=True),),
    )


class OpportunityClose(TenantScoped, table=True):
    """The activity that records one closing. It is never deleted; reopening the opportunity cancels it."""

    __tablename__ = "opportunity_close"
    __table_args__ = (
        scoped_foreign_key("opportunity", "opportunity_id", name="opportunity_close_opportunity"),
        scoped_foreign_key("app_user", "closed_by_id", name="opportunity_close_closed_by"),
        scoped_foreign_key("competitor", "competitor_id", name="opportunity_close_competitor"),
        ForeignKeyConstraint(
            ["organization_id", "status_reason_id", "outcome"],
            ["status_reason.organization_id", "status_reason.id", "status_reason.state"],
            name="opportunity_close_status_reason",
        ),
        UniqueConstraint("organization_id", "opportunity_id", "id", name="opportunity_close_of_opportunity"),
        CheckConstraint("state IN ('COMPLETED', 'CANCELED')", name="opportunity_close_state_known"),
        CheckConstraint("outcome IN ('WON', 'LOST')", name="opportunity_close_outcome_known"),
        CheckConstraint(
            "competitor_id IS NULL OR outcome = 'LOST'", name="opportunity_close_competitor_of_a_loss"
        ),
        CheckConstraint("actual_revenue >= 0", name="opportunity_close_revenue_not_negative"),
        *currency_checks("opportunity_close"),
        Index(
            "one_standing_close",
            "organization_id",
            "opportunity_id",
            unique=True,
            postgresql_where=text("state = 'COMPLETED'"),
            sqlite_where=text("state = 'COMPLETED'"),
        ),
    )

    opportunity_id: UUID = Field(sa_type=Id)
    state: str = Field(default=ActivityState.COMPLETED, sa_type=Text)
    outcome: str = Field(sa_type=Text)
    status_reason_id: UUID = Field(sa_type=Id)
    actual_revenue: Decimal | None = Field(default=None, sa_type=Amount)
    currency_code: str = Field(sa_type=CurrencyCode)
    closed_on: date
    competitor_id: UUID | None = Field(default=None, sa_type=Id)
    description: str | None = Field(default=None, sa_type=Text)
    closed_by_id: UUID = Field(sa_type=Id)
    created_at: datetime = Field(sa_type=Instant)


_columns = table_of(Opportunity).c
for _sorted in (
    _columns.name,
    _columns.created_at,
    _columns.updated_at,
    _columns.estimated_close_date,
    _columns.estimated_revenue,
    _columns.closed_on,
    _columns.actual_revenue,
):
    list_index(f"opportunity_by_{_sorted.name}", _sorted)
for _filtered in (
    _columns.owner_id,
    _columns.account_id,
    _columns.contracting_unit_id,
    _columns.status_reason_id,
):
    list_index(f"opportunity_by_{_filtered.name}", _filtered, _columns.state, _columns.estimated_close_date)
list_index("opportunity_by_state", _columns.state, _columns.estimated_close_date)
