"""The calendar's first and last instant in place of the infinities that the driver once stored for them."""

from alembic import op

from db.migrations.helpers import is_postgresql

revision = "0014"
down_revision = "0013"

_FIRST = "'0001-01-01T00:00:00Z'::timestamptz"
_LAST = "'9999-12-31T23:59:59.999999Z'::timestamptz"
_INSTANTS = {
    "opportunity": ("created_at", "updated_at"),
    "opportunity_close": ("created_at",),
    "quote": ("created_at", "updated_at"),
}


def upgrade() -> None:
    """Replace the infinities in the instants that an import made of dates."""
    if not is_postgresql():
        return
    for table, columns in _INSTANTS.items():
        for column in columns:
            op.execute(
                f"UPDATE {table} SET {column} = CASE WHEN {column} < 'now' THEN {_FIRST} ELSE {_LAST} END"  # noqa: S608
                f" WHERE NOT isfinite({column})"
            )


def downgrade() -> None:
    """Keep the instants: every version reads them."""
