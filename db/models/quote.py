"""Quotes, their lines and close activities, and the contract that a won quote creates."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from db.domain.enums import ContractState, QuoteState, QuoteStatusReason
from db.models.ddl.line_total import LineTotal
from db.models.ddl.sort_keys import list_index
from db.models.tenant_scoped import (
    TenantScoped,
    currency_checks,
    organization_foreign_key,
    scoped_foreign_key,
)
from db.sql.column_types import Amount, CodePointText, CurrencyCode, Id, Instant, Name
from db.sql.tables import table_of


class Quote(TenantScoped, table=True):
    """A priced, numbered, revisioned offer on one opportunity.

    ``active_parent`` is the opportunity's id while the quote is active, and references its ``open_key``: so
    an active quote can't be stored under a closed opportunity.
    """

    __tablename__ = "quote"
    __table_args__ = (
        scoped_foreign_key("opportunity", "opportunity_id", name="quote_opportunity"),
        scoped_foreign_key("opportunity", "active_parent", name="quote_active_under_open", target="open_key"),
        ForeignKeyConstraint(
            ["organization_id", "opportunity_id", "currency_code"],
            ["opportunity.organization_id", "opportunity.id", "opportunity.currency_code"],
            name="quote_currency_of_opportunity",
        ),
        UniqueConstraint("organization_id", "number", "revision", name="quote_number"),
        UniqueConstraint("organization_id", "id", "currency_code", name="quote_currency"),
        CheckConstraint("state IN ('DRAFT', 'ACTIVE', 'WON', 'CLOSED')", name="quote_state_known"),
        CheckConstraint(
            "(state = 'DRAFT' AND status_reason = 'DRAFT_IN_PROGRESS')"
            " OR (state = 'ACTIVE' AND status_reason IN ('ACTIVE_IN_PROGRESS', 'OPEN'))"
            " OR (state = 'WON' AND status_reason = 'WON')"
            " OR (state = 'CLOSED' AND status_reason IN ('LOST', 'CANCELED', 'REVISED'))",
            name="quote_reason_of_state",
        ),
        CheckConstraint("revision >= 0", name="quote_revision_not_negative"),
        CheckConstraint("total >= 0", name="quote_total_not_negative"),
        CheckConstraint("effective_to >= effective_from", name="quote_effective_in_order"),
        Index(
            "one_won_quote",
            "organization_id",
            "opportunity_id",
            unique=True,
            postgresql_where=text("state = 'WON'"),
            sqlite_where=text("state = 'WON'"),
        ),
        Index(
            "quote_active_parent",
            "organization_id",
            "active_parent",
            postgresql_where=text("active_parent IS NOT NULL"),
            sqlite_where=text("active_parent IS NOT NULL"),
        ),
    )

    opportunity_id: UUID = Field(sa_type=Id)
    number: str = Field(sa_type=CodePointText)
    revision: int = 0
    name: str = Field(sa_type=Name)
    state: str = Field(default=QuoteState.DRAFT, sa_type=Text)
    status_reason: str = Field(default=QuoteStatusReason.DRAFT_IN_PROGRESS, sa_type=Text)
    currency_code: str = Field(sa_type=CurrencyCode)
    total: Decimal = Field(default=Decimal("0.00"), sa_type=Amount)
    effective_from: date | None = None
    effective_to: date | None = None
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    active_parent: UUID | None = Field(
        default=None,
        sa_type=Id,
        sa_column_args=(Computed("CASE WHEN state = 'ACTIVE' THEN opportunity_id END", persisted=True),),
    )


class QuoteNumbering(SQLModel, table=True):
    """The last quote number that an organization has assigned."""

    __tablename__ = "quote_numbering"
    __table_args__ = (organization_foreign_key("quote_numbering"),)

    organization_id: UUID = Field(sa_type=Id, primary_key=True)
    last_number: int = Field(sa_type=BigInteger)


class LineBase(TenantScoped):
    """One line of a quote or a contract. ``total`` is generated (``LineTotal``)."""

    position: int
    kind: str = Field(sa_type=Text)
    name: str = Field(sa_type=Name)
    billing_method: str | None = Field(default=None, sa_type=Text)
    not_to_exceed: Decimal | None = Field(default=None, sa_type=Amount)
    customer_budget: Decimal | None = Field(default=None, sa_type=Amount)
    quantity: Decimal = Field(default=Decimal("1.00"), sa_type=Amount)
    unit_price: Decimal = Field(sa_type=Amount)
    currency_code: str = Field(sa_type=CurrencyCode)
    total: Decimal | None = Field(
        default=None, sa_type=Amount, sa_column_args=(Computed(LineTotal(), persisted=True),)
    )


def line_constraints(
    table: str, parent: str
) -> tuple[ForeignKeyConstraint | UniqueConstraint | CheckConstraint, ...]:
    """Return the constraints of a table of lines that belong to ``parent``, another table."""
    return (
        ForeignKeyConstraint(
            ["organization_id", f"{parent}_id", "currency_code"],
            [f"{parent}.organization_id", f"{parent}.id", f"{parent}.currency_code"],
            name=f"{table}_{parent}",
        ),
        UniqueConstraint("organization_id", f"{parent}_id", "position", name=f"{table}_position"),
        CheckConstraint("kind IN ('PROJECT', 'PRODUCT')", name=f"{table}_kind_known"),
        CheckConstraint(
            "(kind = 'PROJECT') = (billing_method IS NOT NULL)", name=f"{table}_billing_of_project"
        ),
        CheckConstraint(
            "billing_method IN ('TIME_AND_MATERIAL', 'FIXED_PRICE')", name=f"{table}_billing_known"
        ),
        CheckConstraint(
            "not_to_exceed IS NULL OR (billing_method IS NOT NULL AND billing_method = 'TIME_AND_MATERIAL')",
            name=f"{table}_limit_of_time_and_material",
        ),
        CheckConstraint("quantity >= 0 AND unit_price >= 0", name=f"{table}_not_negative"),
    )


class QuoteLine(LineBase, table=True):
    """One line of a quote."""

    __tablename__ = "quote_line"
    __table_args__ = line_constraints("quote_line", "quote")

    quote_id: UUID = Field(sa_type=Id)


class QuoteClose(TenantScoped, table=True):
    """The activity that records the closing of a quote; a quote is closed at most once."""

    __tablename__ = "quote_close"
    __table_args__ = (
        scoped_foreign_key("quote", "quote_id", name="quote_close_quote"),
        scoped_foreign_key("app_user", "closed_by_id", name="quote_close_closed_by"),
        UniqueConstraint("organization_id", "quote_id", name="quote_close_once"),
        CheckConstraint("reason IN ('WON', 'LOST', 'CANCELED', 'REVISED')", name="quote_close_reason_known"),
    )

    quote_id: UUID = Field(sa_type=Id)
    reason: str = Field(sa_type=Text)
    closed_on: date
    description: str | None = Field(default=None, sa_type=Text)
    closed_by_id: UUID = Field(sa_type=Id)
    created_at: datetime = Field(sa_type=Instant)


class ProjectContract(TenantScoped, table=True):
    """The draft contract that winning a quote creates."""

    __tablename__ = "project_contract"
    __table_args__ = (
        scoped_foreign_key("quote", "quote_id", name="project_contract_quote"),
        scoped_foreign_key("opportunity", "opportunity_id", name="project_contract_opportunity"),
        UniqueConstraint("organization_id", "quote_id", name="project_contract_once"),
        UniqueConstraint("organization_id", "id", "currency_code", name="project_contract_currency"),
        CheckConstraint("state IN ('DRAFT')", name="project_contract_state_known"),
        *currency_checks("project_contract"),
    )

    quote_id: UUID = Field(sa_type=Id)
    opportunity_id: UUID = Field(sa_type=Id)
    name: str = Field(sa_type=Name)
    state: str = Field(default=ContractState.DRAFT, sa_type=Text)
    currency_code: str = Field(sa_type=CurrencyCode)
    total: Decimal = Field(sa_type=Amount)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class ProjectContractLine(LineBase, table=True):
    """One line of a contract, copied from the won quote."""

    __tablename__ = "project_contract_line"
    __table_args__ = line_constraints("project_contract_line", "project_contract")

    project_contract_id: UUID = Field(sa_type=Id)


_columns = table_of(Quote).c
for _sorted in (
    _columns.name,
    _columns.total,
    _columns.created_at,
    _columns.updated_at,
    _columns.effective_to,
):
    list_index(f"quote_by_{_sorted.name}", _sorted)
for _filtered in (_columns.opportunity_id, _columns.state):
    Index(
        f"quote_by_{_filtered.name.removesuffix('_id')}",
        _columns.organization_id,
        _filtered,
        _columns.number,
        _columns.revision,
    )
