"""Whoever works for one organization sees no rows of another: row-level security on PostgreSQL."""

from alembic import op

from db.migrations.helpers import CALLER_ROLE, confine, is_postgresql

revision = "0009"
down_revision = "0008"

_ADD = "SELECT, INSERT"
_CHANGE = "SELECT, INSERT, UPDATE"
_REMOVE = "SELECT, INSERT, UPDATE, DELETE"
_GRANTS = {
    "app_user": "SELECT",
    "contracting_unit": "SELECT",
    "account": _CHANGE,
    "competitor": _ADD,
    "status_reason": _CHANGE,
    "opportunity": _CHANGE,
    "opportunity_close": f"{_ADD}, UPDATE (state)",
    "quote": _REMOVE,
    "quote_line": _REMOVE,
    "quote_close": _ADD,
    "quote_numbering": _CHANGE,
    "project_contract": _ADD,
    "project_contract_line": _ADD,
    "idempotency": _CHANGE,
    "audit": _ADD,
    "event": _ADD,
    "api_token": "",
    "identity": "",
}

# The role is the server's, not the database's: another database may have created it, perhaps at this moment.
_CREATE_ROLE = f"""
DO $$
BEGIN
  IF to_regrole('{CALLER_ROLE}') IS NULL THEN
    BEGIN
      CREATE ROLE {CALLER_ROLE} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
    GRANT {CALLER_ROLE} TO CURRENT_USER;
  ELSIF NOT pg_has_role('{CALLER_ROLE}', 'MEMBER') THEN
    GRANT {CALLER_ROLE} TO CURRENT_USER;
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO {CALLER_ROLE}', current_schema());
EXCEPTION WHEN insufficient_privilege THEN
  RAISE insufficient_privilege USING MESSAGE = format(
    '%s may not make or take the role {CALLER_ROLE}. Let an administrator of the server run'
    ' "%sGRANT {CALLER_ROLE} TO %I", then migrate again.',
    current_user,
    CASE WHEN to_regrole('{CALLER_ROLE}') IS NULL THEN 'CREATE ROLE {CALLER_ROLE} NOLOGIN; ' END,
    current_user
  );
END $$
"""


def upgrade() -> None:
    """Create the role, and confine every table."""
    if is_postgresql():
        op.execute(_CREATE_ROLE)
    confine("organization", "SELECT, UPDATE (version)", key="id")
    for table, privileges in _GRANTS.items():
        confine(table, privileges)


def downgrade() -> None:
    """Let the tables go. The role stays: other databases of the server may have it, too."""
    for table in ("organization", *_GRANTS) if is_postgresql() else ():
        for policy in ("one_organization", "every_organization"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM {CALLER_ROLE}")
