"""Seals of audit entries, and the queue of entries without a seal."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import (
    ID,
    enable_row_security,
    is_postgresql,
    organization_foreign_key,
    required,
    unique,
)

revision = "0011"
down_revision = "0010"

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


def upgrade() -> None:
    """Create the tables, the trigger that fills the queue, and a queue of all existing entries."""
    op.create_table(
        "audit_seal",
        required("organization_id", ID),
        required("sequence", sa.BigInteger()),
        required("audit_id", ID),
        required("hash", sa.Text()),
        organization_foreign_key("audit_seal"),
        unique("audit_seal_of_row", "audit_id"),
        sa.PrimaryKeyConstraint("organization_id", "sequence"),
    )
    op.create_table(
        "unsealed_audit",
        required("organization_id", ID),
        required("audit_id", ID),
        sa.PrimaryKeyConstraint("organization_id", "audit_id"),
    )
    op.execute("INSERT INTO unsealed_audit (organization_id, audit_id) SELECT organization_id, id FROM audit")
    for statement in _POSTGRESQL if is_postgresql() else _SQLITE:
        op.execute(statement)
    enable_row_security("audit_seal", "")
    enable_row_security("unsealed_audit", "INSERT")


def downgrade() -> None:
    """Drop the tables; on PostgreSQL, dropping the function drops the trigger."""
    op.execute("DROP FUNCTION await_seal CASCADE" if is_postgresql() else "DROP TRIGGER audit_awaits_seal")
    for table in ("unsealed_audit", "audit_seal"):
        op.drop_table(table)
