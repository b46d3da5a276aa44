"""Seals of audit entries, and the queue of entries without a seal.

A trigger adds each entry to the queue in the transaction that writes it. So no committed entry is missed, and
mutations do not wait for each other to learn the seal before their own.
"""

from uuid import UUID

from sqlalchemy import BigInteger, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.models.tenant_scoped import organization_foreign_key
from db.sql.column_types import Id


class AuditSeal(SQLModel, table=True):
    """A link of an organization's hash chain: it covers an audit entry and all that were sealed before it."""

    __tablename__ = "audit_seal"
    __table_args__ = (
        organization_foreign_key("audit_seal"),
        UniqueConstraint("organization_id", "audit_id", name="audit_seal_of_row"),
    )

    organization_id: UUID = Field(sa_type=Id, primary_key=True)
    sequence: int = Field(sa_type=BigInteger, primary_key=True)
    audit_id: UUID = Field(sa_type=Id)
    hash: str = Field(sa_type=Text)


class UnsealedAudit(SQLModel, table=True):
    """An audit entry without a seal. It has no foreign key, so that a deleted entry is noticed."""

    __tablename__ = "unsealed_audit"

    organization_id: UUID = Field(sa_type=Id, primary_key=True)
    audit_id: UUID = Field(sa_type=Id, primary_key=True)
