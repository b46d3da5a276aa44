"""Idempotency keys, audit rows and events."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import ID, INSTANT, belongs_to, create_table, optional, required

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create them."""
    _create_idempotency()
    _create_audit()
    _create_event()


def downgrade() -> None:
    """Drop them."""
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
        belongs_to("app_user", "idempotency_user", "user_id"),
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
        belongs_to("app_user", "audit_user", "user_id"),
        belongs_to("opportunity", "audit_opportunity", "opportunity_id"),
    )
    for shown in ("subject", "opportunity"):
        op.create_index(f"audit_by_{shown}", "audit", ["organization_id", f"{shown}_id", "id"])


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),  # SQLite counts up plain integers alone
            sa.Identity(always=True),
        ),
        required("organization_id", ID),
        required("opportunity_id", ID),
        required("kind", sa.Text()),
        required("at", INSTANT),
        belongs_to("opportunity", "event_opportunity", "opportunity_id"),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("event_by_opportunity", "event", ["organization_id", "opportunity_id", "position"])
