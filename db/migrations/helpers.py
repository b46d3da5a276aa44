"""What the steps share. Like them it is never changed: the models go on, these stay as they were."""

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
    """Declare a column that always has a value."""
    return sa.Column(name, kind, nullable=False)


def optional(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """Declare a column that may be empty."""
    return sa.Column(name, kind)


def generated(name: str, kind: sa.types.TypeEngine[Any], expression: str) -> sa.Column[Any]:
    """Declare a column that the database computes and stores."""
    return sa.Column(name, kind, sa.Computed(expression, persisted=True))


def within_organization(table: str) -> sa.Constraint:
    """Point a table's rows at their organization."""
    return sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], f"{table}_organization")


def belongs_to(table: str, name: str, *columns: str, target: tuple[str, ...] = ("id",)) -> sa.Constraint:
    """Point ``columns`` at the ``target`` columns of another table's row of the same organization."""
    return sa.ForeignKeyConstraint(
        ["organization_id", *columns],
        [f"{table}.{column}" for column in ("organization_id", *target)],
        name,
    )


def unique(name: str, *columns: str) -> sa.Constraint:
    """Let no two rows of an organization agree in ``columns``."""
    return sa.UniqueConstraint("organization_id", *columns, name=name)


def check(name: str, condition: str) -> sa.Constraint:
    """Refuse rows for which ``condition`` is false."""
    return sa.CheckConstraint(condition, name)


def check_currency(table: str) -> sa.Constraint:
    """Let a table's currency be three capital letters only."""
    rule = on_either(postgresql="currency_code ~ '^[A-Z]{3}$'", sqlite="currency_code GLOB '[A-Z][A-Z][A-Z]'")
    return check(f"{table}_currency_known", rule)


def create_partial_unique_index(name: str, table: str, *columns: str, where: str) -> None:
    """Let no two rows of an organization agree in ``columns`` among those that ``where`` picks."""
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
    """Index the lists of an organization that are narrowed and sorted by ``expressions``."""
    op.create_index(name, table, ["organization_id", *map(sa.text, expressions), "id"])


def by_name(column: str) -> str:
    """Sort names without regard to the case of ASCII letters."""
    return f"lower({column})"


def by_date(column: str) -> str:
    """Sort missing dates after all others."""
    last = on_either(postgresql="'9999-12-31'::date", sqlite="'9999-12-31'")
    return f"coalesce({column}, {last})"


def by_amount(column: str) -> str:
    """Sort missing amounts after all others."""
    last = on_either(postgresql="9999999999999.99", sqlite="999999999999999")
    return f"coalesce({column}, {last})"


def confine(table: str, privileges: str, *, key: str = "organization_id") -> None:
    """Show whoever works for one organization its own rows alone, to do with them what ``privileges`` say.

    The owner sees all of them. On SQLite there is nothing to be done.
    """
    if not is_postgresql():
        return
    its_own = f"{key} = (SELECT current_setting('dealdesk.organization_id')::uuid)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY one_organization ON {table} TO {CALLER_ROLE} USING ({its_own})")
    op.execute(f"CREATE POLICY every_organization ON {table} TO CURRENT_USER USING (true)")
    if privileges:
        op.execute(f"GRANT {privileges} ON {table} TO {CALLER_ROLE}")


def is_postgresql() -> bool:
    """Say which database is being migrated."""
    return op.get_context().dialect.name == "postgresql"


def on_either(*, postgresql: str, sqlite: str) -> str:
    """Return the SQL for the database that is being migrated."""
    return postgresql if is_postgresql() else sqlite
