"""Seals of audit rows, and the queue of rows that wait for theirs: a trigger puts each into it.

A row waits in the transaction that writes it, so it is sealed whenever that is committed, and mutations don't
wait for each other to know the seal before their own.
"""

from uuid import UUID

from sqlalchemy import DDL, BigInteger, MetaData, Text, UniqueConstraint, event
from sqlmodel import Field, SQLModel

from db.models.tenant_scoped import organization_foreign_key
from db.sql.column_types import Id


class AuditSeal(SQLModel, table=True):
    """A link of an organization's chain: the hash of an audit row and of all that were sealed before it."""

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
    """An audit row that waits for its seal. It has no foreign key: that a row is gone must be found out."""

    __tablename__ = "unsealed_audit"

    organization_id: UUID = Field(sa_type=Id, primary_key=True)
    audit_id: UUID = Field(sa_type=Id, primary_key=True)


def await_seals(metadata: MetaData) -> None:
    """Create the triggers whenever the tables are created."""
    for dialect, statements in (("postgresql", _POSTGRESQL), ("sqlite", _SQLITE)):
        for statement in statements:
            trigger = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", trigger)


_POSTGRESQL = (
    """
CREATE FUNCTION await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unsealed_audit (organization_id, audit_id) SELECT organization_id, id FROM written;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER audit_awaits_seal AFTER INSERT ON audit REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION await_seal()
""",
)

_SQLITE = (
    """
CREATE TRIGGER audit_awaits_seal AFTER INSERT ON audit BEGIN
  INSERT INTO unsealed_audit (organization_id, audit_id) VALUES (NEW.organization_id, NEW.id);
END
""",
)
