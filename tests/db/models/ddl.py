"""What the migrations create beside tables and indexes: triggers, functions, generated columns, row security.

It is stated a second time here, to be compared with what the migrations have created.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import Date, MetaData, Table
from sqlalchemy.dialects import postgresql

from db.models.ddl.sort_keys import stored_sort_keys
from db.postgres.tenant_role import CALLER_ROLE, ORGANIZATION_SETTING
from db.sql.column_types import Amount

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

SQLITE = (
    """
CREATE TRIGGER audit_awaits_seal AFTER INSERT ON audit BEGIN
  INSERT INTO unsealed_audit (organization_id, audit_id) VALUES (NEW.organization_id, NEW.id);
END
""",
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
CREATE TRIGGER {name} AFTER {event} ON quote_line BEGIN
  SELECT RAISE(ABORT, 'a line total is too large') WHERE typeof({row}.total) <> 'integer';
  UPDATE quote SET total = total WHERE organization_id = {row}.organization_id AND id = {row}.quote_id;
END
"""  # noqa: S608 - names of our own
        for name, event, row in _LINE_TRIGGERS
    ),
)
"""Seals of audit entries and totals of quotes on SQLite."""

# A trigger before the update sees the row as it is locked, and lines that were committed while it waited.
POSTGRESQL = (
    """
CREATE FUNCTION await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unsealed_audit (organization_id, audit_id) SELECT organization_id, id FROM written;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER audit_awaits_seal AFTER INSERT ON audit REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION await_seal()
""",
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
CREATE TRIGGER {name} AFTER {event} ON quote_line REFERENCING {row} TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION total_quotes_of_lines()
"""
        for name, event, row in _LINE_TRIGGERS
    ),
    """
CREATE FUNCTION unclosed_quotes(organization_id uuid, opportunity_id uuid) RETURNS SETOF quote
LANGUAGE plpgsql VOLATILE ROWS 3 AS $$
BEGIN
  RETURN QUERY
  SELECT * FROM quote
  WHERE quote.organization_id = $1 AND quote.opportunity_id = $2 AND quote.state <> 'CLOSED';
END $$
""",
)
"""Seals of audit entries, totals of quotes and the function of ``unclosed_quotes`` on PostgreSQL."""

_READ = "SELECT"
_INSERT = "SELECT, INSERT"
_UPDATE = "SELECT, INSERT, UPDATE"
_DELETE = "SELECT, INSERT, UPDATE, DELETE"

_PRIVILEGES: Mapping[str, str] = {
    "organization": f"{_READ}, UPDATE (version)",  # to lock it; nothing changes it
    "app_user": _READ,
    "contracting_unit": _READ,
    "account": _UPDATE,
    "competitor": _INSERT,
    "status_reason": _UPDATE,
    "opportunity": _UPDATE,
    "opportunity_close": f"{_INSERT}, UPDATE (state)",
    "quote": _DELETE,
    "quote_line": _DELETE,
    "quote_close": _INSERT,
    "quote_numbering": _UPDATE,
    "project_contract": _INSERT,
    "project_contract_line": _INSERT,
    "idempotency": _UPDATE,
    "audit": _INSERT,
    "event": _INSERT,
    "unsealed_audit": "INSERT",
}
"""The privileges of the callers' role; it has none on the other tables."""


def row_security(metadata: MetaData) -> Iterator[str]:
    """Yield the statements that show callers the rows of one organization, and the owner those of all."""
    for table in metadata.sorted_tables:
        name = table.name
        key = "id" if name == "organization" else "organization_id"
        # As a subquery the setting is read once a statement, not once a row.
        is_own = f"{key} = (SELECT current_setting('{ORGANIZATION_SETTING}')::uuid)"
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        yield f"CREATE POLICY one_organization ON {name} TO {CALLER_ROLE} USING ({is_own})"
        yield f"CREATE POLICY every_organization ON {name} TO CURRENT_USER USING (true)"
        if name in _PRIVILEGES:
            yield f"GRANT {_PRIVILEGES[name]} ON {name} TO {CALLER_ROLE}"


def sort_key_columns(table: Table) -> Iterator[str]:
    """Yield the statements that add the generated columns of a table's sort keys on PostgreSQL."""
    for name, value in stored_sort_keys(table).items():
        kind = 'text COLLATE "C"'
        if isinstance(value.type, Date):
            kind = "date"
        elif isinstance(value.type, Amount):
            kind = "double precision"  # exact for fifteen digits, which amounts have at most
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        expression = value.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        generated = f"{name}_key {kind} GENERATED ALWAYS AS ({expression}) STORED"
        yield f"ALTER TABLE {table.name} ADD COLUMN {generated}"
