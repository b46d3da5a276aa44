"""Order events by transaction, so that readers can follow them without gaps."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import ID, INSTANT, dialect_sql, is_postgresql, required, scoped_foreign_key

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the id of the transaction that wrote an event; existing events get this migration's."""
    op.drop_index("event_by_opportunity", "event")
    if is_postgresql():
        op.add_column("event", _transaction_id())
    else:
        _recreate_table(_transaction_id())
    op.create_index("event_in_order", "event", ["transaction_id", "position"])
    op.create_index("event_by_organization", "event", ["organization_id", "transaction_id", "position"])


def downgrade() -> None:
    """Drop the column."""
    for index in ("event_in_order", "event_by_organization"):
        op.drop_index(index, "event")
    if is_postgresql():
        op.drop_column("event", "transaction_id")
    else:
        _recreate_table()
    op.create_index("event_by_opportunity", "event", ["organization_id", "opportunity_id", "position"])


def _transaction_id() -> sa.Column[int]:
    current = dialect_sql(postgresql="pg_current_xact_id()::text::bigint", sqlite="0")
    return sa.Column("transaction_id", sa.BigInteger(), server_default=sa.text(current), nullable=False)


def _recreate_table(*added: sa.Column[int]) -> None:
    """Recreate the table, because SQLite can only add a column at the end."""
    op.rename_table("event", "former_event")
    op.create_table(
        "event",
        sa.Column("position", sa.Integer(), sa.Identity(always=True)),
        *added,
        required("organization_id", ID),
        required("opportunity_id", ID),
        required("kind", sa.Text()),
        required("at", INSTANT),
        scoped_foreign_key("opportunity", "event_opportunity", "opportunity_id"),
        sa.PrimaryKeyConstraint("position"),
    )
    kept = "position, organization_id, opportunity_id, kind, at"
    op.execute(f"INSERT INTO event ({kept}) SELECT {kept} FROM former_event")  # noqa: S608 - our own names
    op.drop_table("former_event")
