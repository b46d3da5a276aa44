"""Row-level security on PostgreSQL: the caller role sees the rows of one organization."""

from alembic import op

from db.migrations.helpers import CALLER_ROLE, enable_row_security, is_postgresql

revision = "0009"
down_revision = "0008"

_INSERT = "SELECT, INSERT"
_UPDATE = "SELECT, INSERT, UPDATE"
_DELETE = "SELECT, INSERT, UPDATE, DELETE"
_GRANTS = {
    "app_user": "SELECT",
    "contracting_unit": "SELECT",
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
    "api_token": "",
    "identity": "",
}

# Roles belong to the server, so another database may have created it, even concurrently.
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
    """Create the role, and enable row security on every table."""
    if is_postgresql():
        op.execute(_CREATE_ROLE)
    enable_row_security("organization", "SELECT, UPDATE (version)", key="id")
    for table, privileges in _GRANTS.items():
        enable_row_security(table, privileges)


def downgrade() -> None:
    """Disable row security. The role stays, because other databases of the server may use it."""
    for table in ("organization", *_GRANTS) if is_postgresql() else ():
        for policy in ("one_organization", "every_organization"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM {CALLER_ROLE}")
