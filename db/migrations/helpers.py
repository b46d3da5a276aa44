"""Building blocks of the migrations. Like them they never change, whatever becomes of the models."""

from typing import Any

import sqlalchemy as sa
from alembic import op

ID = sa.Text().with_variant(sa.UUID(), "postgresql")
AMOUNT = sa.BigInteger().with_variant(sa.Numeric(15, 2), "postgresql")
INSTANT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
CALLER_ROLE = "dealdesk_caller"
CODE = NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def create_table(name: str, *parts: sa.Column[Any] | sa.Constraint) -> None:
    """Create a table whose rows belong to one organization."""
    op.create_table(
        name,
        required("organization_id", ID),
        required("id", ID),
        *parts,
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )


def required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """Return a column that is NOT NULL."""
    return sa.Column(name, kind, nullable=False)


def optional(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """Return a column that may be null."""
    return sa.Column(name, kind)


def generated(name: str, kind: sa.types.TypeEngine[Any], expression: str) -> sa.Column[Any]:
    """Return a stored generated column."""
    return sa.Column(name, kind, sa.Computed(expression, persisted=True))


def organization_foreign_key(table: str) -> sa.Constraint:
    """Return the foreign key of a table to the organization."""
    return sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], f"{table}_organization")


def scoped_foreign_key(
    table: str, name: str, *columns: str, target: tuple[str, ...] = ("id",)
) -> sa.Constraint:
    """Return a foreign key to a row of the same organization."""
    return sa.ForeignKeyConstraint(
        ["organization_id", *columns],
        [f"{table}.{column}" for column in ("organization_id", *target)],
        name,
    )


def unique(name: str, *columns: str) -> sa.Constraint:
    """Return a unique constraint on ``columns`` within an organization."""
    return sa.UniqueConstraint("organization_id", *columns, name=name)


def check(name: str, condition: str) -> sa.Constraint:
    """Return a check constraint."""
    return sa.CheckConstraint(condition, name)


def check_currency(table: str) -> sa.Constraint:
    """Return the check that ``currency_code`` is three capital letters."""
    rule = dialect_sql(
        postgresql="currency_code ~ '^[A-Z]{3}$'", sqlite="currency_code GLOB '[A-Z][A-Z][A-Z]'"
    )
    return check(f"{table}_currency_known", rule)


def create_partial_unique_index(name: str, table: str, *columns: str, where: str) -> None:
    """Create a unique index on ``columns`` within an organization, for the rows that match ``where``."""
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        ["organization_id", *columns],
        unique=True,
        postgresql_where=condition,
        sqlite_where=condition,
    )


def create_list_index(name: str, table: str, *expressions: str) -> None:
    """Create an index for lists that are filtered and sorted by ``expressions``."""
    op.create_index(name, table, ["organization_id", *map(sa.text, expressions), "id"])


def name_sort_key(column: str) -> str:
    """Return the sort key of a name: ASCII letters in lower case."""
    return f"lower({column})"


def date_sort_key(column: str) -> str:
    """Return the sort key of a date: null sorts last."""
    last = dialect_sql(postgresql="'9999-12-31'::date", sqlite="'9999-12-31'")
    return f"coalesce({column}, {last})"


def amount_sort_key(column: str) -> str:
    """Return the sort key of an amount: null sorts last."""
    last = dialect_sql(postgresql="9999999999999.99", sqlite="999999999999999")
    return f"coalesce({column}, {last})"


def enable_row_security(table: str, privileges: str, *, key: str = "organization_id") -> None:
    """Let the caller role access only its organization's rows, with ``privileges``; the owner sees all.

    Does nothing on SQLite, which has no row security.
    """
    if not is_postgresql():
        return
    is_own = f"{key} = (SELECT current_setting('dealdesk.organization_id')::uuid)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY one_organization ON {table} TO {CALLER_ROLE} USING ({is_own})")
    op.execute(f"CREATE POLICY every_organization ON {table} TO CURRENT_USER USING (true)")
    if privileges:
        op.execute(f"GRANT {privileges} ON {table} TO {CALLER_ROLE}")


def is_postgresql() -> bool:
    """Return whether the migrated database is PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


def dialect_sql(*, postgresql: str, sqlite: str) -> str:
    """Return the text for the migrated database."""
    return postgresql if is_postgresql() else sqlite
