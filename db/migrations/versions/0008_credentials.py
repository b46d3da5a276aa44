"""API tokens, and the users that issuers of tokens mean by their subjects."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import (
    ID,
    INSTANT,
    belongs_to,
    check,
    create_partial_unique_index,
    create_table,
    optional,
    required,
)

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create them."""
    create_table(
        "api_token",
        required("user_id", ID),
        required("role", sa.Text()),
        required("name", sa.Text()),
        required("digest", sa.Text()),
        required("created_at", INSTANT),
        optional("expires_at", INSTANT),
        optional("revoked_at", INSTANT),
        belongs_to("app_user", "api_token_user", "user_id"),
        sa.UniqueConstraint("digest", name="api_token_digest"),
        check("api_token_role_known", "role IN ('READER', 'SALES', 'MANAGER', 'ADMIN')"),
    )
    create_partial_unique_index("api_token_name", "api_token", "name", where="revoked_at IS NULL")
    op.create_table(
        "identity",
        required("organization_id", ID),
        required("issuer", sa.Text()),
        required("subject", sa.Text()),
        required("user_id", ID),
        required("created_at", INSTANT),
        belongs_to("app_user", "identity_user", "user_id"),
        sa.PrimaryKeyConstraint("organization_id", "issuer", "subject"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("identity", "api_token"):
        op.drop_table(table)
