"""On PostgreSQL, a function that reads the quotes of an opportunity after it has been locked."""

from alembic import op

from db.migrations.helpers import is_postgresql

revision = "0012"
down_revision = "0011"

_FUNCTION = """
CREATE FUNCTION unclosed_quotes(organization_id uuid, opportunity_id uuid) RETURNS SETOF quote
LANGUAGE plpgsql VOLATILE ROWS 3 AS $$
BEGIN
  RETURN QUERY
  SELECT * FROM quote
  WHERE quote.organization_id = $1 AND quote.opportunity_id = $2 AND quote.state <> 'CLOSED';
END $$
"""


def upgrade() -> None:
    """Create the function."""
    if is_postgresql():
        op.execute(_FUNCTION)


def downgrade() -> None:
    """Drop the function."""
    if is_postgresql():
        op.execute("DROP FUNCTION unclosed_quotes")
