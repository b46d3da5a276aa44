"""Seals of audit rows, and the queue of rows that wait for theirs."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import ID, confine, is_postgresql, required, unique, within_organization

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
    """Create them; what was written before waits, too."""
    op.create_table(
        "audit_seal",
        required("organization_id", ID),
        required("sequence", sa.BigInteger()),
        required("audit_id", ID),
        required("hash", sa.Text()),
        within_organization("audit_seal"),
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
    confine("audit_seal", "")
    confine("unsealed_audit", "INSERT")


def downgrade() -> None:
    """Drop them; on PostgreSQL the trigger belongs to its function."""
    op.execute("DROP FUNCTION await_seal CASCADE" if is_postgresql() else "DROP TRIGGER audit_awaits_seal")
    for table in ("unsealed_audit", "audit_seal"):
        op.drop_table(table)
