"""Triggers that keep the total of a quote equal to the sum of its lines."""

from alembic import op

from db.migrations.helpers import is_postgresql

revision = "0005"
down_revision = "0004"

_LINE_TRIGGERS = (
    ("quote_total_with_line", "INSERT", "NEW"),
    ("quote_total_without_line", "DELETE", "OLD"),
    ("quote_total_left_by_line", "UPDATE", "OLD"),
    ("quote_total_reached_by_line", "UPDATE", "NEW"),
)

_SUM = """
    SELECT coalesce(sum(total), 0) FROM quote_line
    WHERE organization_id = NEW.organization_id AND quote_id = NEW.id
"""

# A BEFORE trigger runs after the row is locked, so it sees lines committed while it waited for the lock.
_POSTGRESQL = (
    f"""
CREATE FUNCTION total_quote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.total := ({_SUM});
  RETURN NEW;
END $$
""",
    """
CREATE TRIGGER quote_total BEFORE INSERT OR UPDATE OF total ON quote
FOR EACH ROW EXECUTE FUNCTION total_quote()
""",
    """
CREATE FUNCTION total_quotes_of_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE quote SET total = 0
  WHERE (organization_id, id) IN (SELECT organization_id, quote_id FROM changed);
  RETURN NULL;
END $$
""",
    *(
        f"""
CREATE TRIGGER {name} AFTER {act} ON quote_line REFERENCING {side} TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION total_quotes_of_lines()
"""
        for name, act, side in _LINE_TRIGGERS
    ),
)

_SQLITE = (
    """
CREATE TRIGGER quote_total_of_nothing AFTER INSERT ON quote WHEN NEW.total <> 0 BEGIN
  UPDATE quote SET total = 0 WHERE organization_id = NEW.organization_id AND id = NEW.id;
END
""",
    f"""
CREATE TRIGGER quote_total AFTER UPDATE OF total ON quote WHEN NEW.total <> ({_SUM}) BEGIN
  UPDATE quote SET total = ({_SUM}) WHERE organization_id = NEW.organization_id AND id = NEW.id;
END
""",  # noqa: S608 - our own text
    *(
        f"""
CREATE TRIGGER {name} AFTER {act} ON quote_line BEGIN
  SELECT RAISE(ABORT, 'a line total is too large') WHERE typeof({line}.total) <> 'integer';
  UPDATE quote SET total = total WHERE organization_id = {line}.organization_id AND id = {line}.quote_id;
END
"""  # noqa: S608 - our own names
        for name, act, line in _LINE_TRIGGERS
    ),
)


def upgrade() -> None:
    """Create the triggers, and compute the totals of existing quotes."""
    for statement in _POSTGRESQL if is_postgresql() else _SQLITE:
        op.execute(statement)
    op.execute("UPDATE quote SET total = 0")


def downgrade() -> None:
    """Drop the triggers; on PostgreSQL, dropping their functions drops them."""
    if is_postgresql():
        op.execute("DROP FUNCTION total_quote, total_quotes_of_lines CASCADE")
    else:
        for name in ("quote_total_of_nothing", "quote_total", *(name for name, _, _ in _LINE_TRIGGERS)):
            op.execute(f"DROP TRIGGER {name}")
