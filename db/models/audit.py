"""The rows that are written with every change: idempotency key, audit entry and event."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Text
from sqlmodel import Field, SQLModel

from db.models.ddl.transaction_id import CurrentXid
from db.models.tenant_scoped import TenantScoped, scoped_foreign_key
from db.sql.column_types import Id, Instant


class Idempotency(SQLModel, table=True):
    """The idempotency key of a mutation and its outcome, kept for 24 hours."""

    __tablename__ = "idempotency"
    __table_args__ = (
        scoped_foreign_key("app_user", "user_id", name="idempotency_user"),
        Index("idempotency_by_age", "created_at"),
    )

    organization_id: UUID = Field(sa_type=Id, primary_key=True)
    user_id: UUID = Field(sa_type=Id, primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    fingerprint: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)


class Audit(TenantScoped, table=True):
    """An audit entry: who did what and when. Entries are only appended; ``db.audit.log`` defines ``details``.

    ``opportunity_id`` is the opportunity to whose history the entry belongs, if any.
    """

    __tablename__ = "audit"
    __table_args__ = (
        scoped_foreign_key("app_user", "user_id", name="audit_user"),
        scoped_foreign_key("opportunity", "opportunity_id", name="audit_opportunity"),
        Index("audit_by_subject", "organization_id", "subject_id", "id"),
        Index("audit_by_opportunity", "organization_id", "opportunity_id", "id"),
    )

    user_id: UUID = Field(sa_type=Id)
    action: str = Field(sa_type=Text)
    subject_id: UUID = Field(sa_type=Id)
    opportunity_id: UUID | None = Field(default=None, sa_type=Id)
    details: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Instant)


class Event(SQLModel, table=True):
    """A change that subscriptions report, only ever appended; ``db.audit.events`` defines the order."""

    __tablename__ = "event"
    __table_args__ = (
        scoped_foreign_key("opportunity", "opportunity_id", name="event_opportunity"),
        Index("event_in_order", "transaction_id", "position"),
        Index("event_by_organization", "organization_id", "transaction_id", "position"),
    )

    position: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer(), "sqlite"), Identity(always=True), primary_key=True
        ),
    )
    transaction_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, nullable=False, server_default=CurrentXid())
    )
    organization_id: UUID = Field(sa_type=Id)
    opportunity_id: UUID = Field(sa_type=Id)
    kind: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Instant)
