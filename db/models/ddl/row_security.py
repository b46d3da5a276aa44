"""Rows of other organizations aren't there: PostgreSQL itself hides them from whoever works for one.

A connection that works for one organization takes the role ``dealdesk_caller`` and sets for which. The role
owns nothing, and may do to a table what the rules do: what is only ever appended, it can't change. The owner
of the tables is subject to policies, too, and has one by which it sees every organization.

SQLite has no such thing; there the rules and the planner alone keep organizations apart.
"""

from collections.abc import Mapping

from sqlalchemy import DDL, MetaData, event

CALLER_ROLE = "dealdesk_caller"
"""Who works for one organization."""

ORGANIZATION_SETTING = "dealdesk.organization_id"
"""The setting that says for which."""

_READ = "SELECT"
_ADD = "SELECT, INSERT"
_CHANGE = "SELECT, INSERT, UPDATE"
_REMOVE = "SELECT, INSERT, UPDATE, DELETE"

_GRANTS: Mapping[str, str] = {
    "organization": f"{_READ}, UPDATE (version)",  # to lock it; nothing changes it
    "app_user": _READ,
    "contracting_unit": _READ,
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
    "unsealed_audit": "INSERT",
}
"""What the caller's role may do to each table. To those that it may do nothing to, it is not let at all."""


def keep_organizations_apart(metadata: MetaData) -> None:
    """Confine every table whenever the tables are created; the migrations have created the role."""
    for table in metadata.sorted_tables:
        key = "id" if table.name == "organization" else "organization_id"
        for statement in _confining(table.name, key):
            confining = DDL(statement).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", confining)


def _confining(table: str, key: str) -> list[str]:
    # As a subquery it is looked up once a statement, not for each row that leads to others.
    its_own = f"{key} = (SELECT current_setting('{ORGANIZATION_SETTING}')::uuid)"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY one_organization ON {table} TO {CALLER_ROLE} USING ({its_own})",
        f"CREATE POLICY every_organization ON {table} TO CURRENT_USER USING (true)",
        *([f"GRANT {_GRANTS[table]} ON {table} TO {CALLER_ROLE}"] if table in _GRANTS else []),
    ]
