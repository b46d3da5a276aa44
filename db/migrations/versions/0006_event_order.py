"""Events have an order in which they can be told, whichever transaction is committed first."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import ID, INSTANT, belongs_to, on_either, required

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Note the transaction that wrote an event; of earlier events it is this one."""
    op.drop_index("event_by_opportunity", "event")
    if _is_sqlite():
        _replace(_transaction())
    else:
        op.add_column("event", _transaction())
    op.create_index("event_in_order", "event", ["transaction_id", "position"])
    op.create_index("event_by_organization", "event", ["organization_id", "transaction_id", "position"])


def downgrade() -> None:
    """Forget it."""
    for index in ("event_in_order", "event_by_organization"):
        op.drop_index(index, "event")
    if _is_sqlite():
        _replace()
    else:
        op.drop_column("event", "transaction_id")
    op.create_index("event_by_opportunity", "event", ["organization_id", "opportunity_id", "position"])


def _transaction() -> sa.Column[int]:
    writing = on_either(postgresql="pg_current_xact_id()::text::bigint", sqlite="0")
    return sa.Column("transaction_id", sa.BigInteger(), server_default=sa.text(writing), nullable=False)


def _replace(*added: sa.Column[int]) -> None:
    """Make the table anew, because SQLite adds no column where the models have it."""
    op.rename_table("event", "former_event")
    op.create_table(
        "event",
        sa.Column("position", sa.Integer(), sa.Identity(always=True)),
        *added,
        required("organization_id", ID),
        required("opportunity_id", ID),
        required("kind", sa.Text()),
        required("at", INSTANT),
        belongs_to("opportunity", "event_opportunity", "opportunity_id"),
        sa.PrimaryKeyConstraint("position"),
    )
    kept = "position, organization_id, opportunity_id, kind, at"
    op.execute(f"INSERT INTO event ({kept}) SELECT {kept} FROM former_event")  # noqa: S608 - names of our own
    op.drop_table("former_event")


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"
