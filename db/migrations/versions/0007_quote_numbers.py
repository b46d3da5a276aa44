"""The last quote number of each organization."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import ID, required

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table. An organization's row is inserted with its next quote."""
    op.create_table(
        "quote_numbering",
        required("organization_id", ID),
        required("last_number", sa.BigInteger()),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], "quote_numbering_organization"),
        sa.PrimaryKeyConstraint("organization_id"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("quote_numbering")
