"""API tokens, and the identities of OpenID Connect users."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import (
    ID,
    INSTANT,
    check,
    create_partial_unique_index,
    create_table,
    optional,
    required,
    scoped_foreign_key,
)

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables."""
    create_table(
        "api_token",
        required("user_id", ID),
        required("role", sa.Text()),
        required("name", sa.Text()),
        required("digest", sa.Text()),
        required("created_at", INSTANT),
        optional("expires_at", INSTANT),
        optional("revoked_at", INSTANT),
        scoped_foreign_key("app_user", "api_token_user", "user_id"),
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
        scoped_foreign_key("app_user", "identity_user", "user_id"),
        sa.PrimaryKeyConstraint("organization_id", "issuer", "subject"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("identity", "api_token"):
        op.drop_table(table)
