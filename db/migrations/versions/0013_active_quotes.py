"""A partial index of active quotes, which closed quotes leave."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ACTIVE = sa.text("active_parent IS NOT NULL")


def upgrade() -> None:
    """Make the index partial."""
    op.drop_index("quote_active_parent", "quote")
    op.create_index(
        "quote_active_parent",
        "quote",
        ["organization_id", "active_parent"],
        postgresql_where=_ACTIVE,
        sqlite_where=_ACTIVE,
    )


def downgrade() -> None:
    """Index all quotes again."""
    op.drop_index("quote_active_parent", "quote")
    op.create_index("quote_active_parent", "quote", ["organization_id", "active_parent"])
