"""The total of a quote: triggers keep it the sum of its lines, whoever changes either of them.

A change of anything else of a quote, such as its state, costs no more for it.
"""

from sqlalchemy import DDL, MetaData, event


def keep_quote_totals(metadata: MetaData) -> None:
    """Create the triggers whenever the tables are created."""
    for dialect, statements in (("postgresql", _POSTGRESQL), ("sqlite", _SQLITE)):
        for statement in statements:
            trigger = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", trigger)


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

# A trigger before the update sees the row as it is locked, and lines that were committed while it waited.
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
""",  # noqa: S608 - two texts of our own
    *(
        f"""
CREATE TRIGGER {name} AFTER {act} ON quote_line BEGIN
  SELECT RAISE(ABORT, 'a line total is too large') WHERE typeof({line}.total) <> 'integer';
  UPDATE quote SET total = total WHERE organization_id = {line}.organization_id AND id = {line}.quote_id;
END
"""  # noqa: S608 - names of our own
        for name, act, line in _LINE_TRIGGERS
    ),
)
