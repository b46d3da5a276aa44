"""Idempotency keys, audit rows and events."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import ID, INSTANT, create_table, optional, required, scoped_foreign_key

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables."""
    _create_idempotency()
    _create_audit()
    _create_event()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("event", "audit", "idempotency"):
        op.drop_table(table)


def _create_idempotency() -> None:
    op.create_table(
        "idempotency",
        required("organization_id", ID),
        required("user_id", ID),
        required("key", sa.Text()),
        required("fingerprint", sa.Text()),
        required("outcome", sa.Text()),
        required("created_at", INSTANT),
        scoped_foreign_key("app_user", "idempotency_user", "user_id"),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "key"),
    )
    op.create_index("idempotency_by_age", "idempotency", ["created_at"])


def _create_audit() -> None:
    create_table(
        "audit",
        required("user_id", ID),
        required("action", sa.Text()),
        required("subject_id", ID),
        optional("opportunity_id", ID),
        required("details", sa.Text()),
        required("at", INSTANT),
        scoped_foreign_key("app_user", "audit_user", "user_id"),
        scoped_foreign_key("opportunity", "audit_opportunity", "opportunity_id"),
    )
    for kind in ("subject", "opportunity"):
        op.create_index(f"audit_by_{kind}", "audit", ["organization_id", f"{kind}_id", "id"])


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),  # SQLite autoincrements only INTEGER
            sa.Identity(always=True),
        ),
        required("organization_id", ID),
        required("opportunity_id", ID),
        required("kind", sa.Text()),
        required("at", INSTANT),
        scoped_foreign_key("opportunity", "event_opportunity", "opportunity_id"),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("event_by_opportunity", "event", ["organization_id", "opportunity_id", "position"])
