"""What every table of an organization shares: its key, and how it points at its neighbours."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from db.sql.column_types import Id


class TenantScoped(SQLModel):
    """A row that belongs to exactly one organization; keys start with the organization's id.

    A foreign key that carries the organization along can't point into another tenant's rows.
    """

    organization_id: UUID = Field(sa_type=Id, primary_key=True)
    id: UUID = Field(sa_type=Id, primary_key=True)


def scoped_foreign_key(table: str, column: str, *, name: str, target: str = "id") -> ForeignKeyConstraint:
    """Point ``column`` at another table's row of the same organization."""
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{table}.organization_id", f"{table}.{target}"], name=name
    )


def organization_foreign_key(table: str) -> ForeignKeyConstraint:
    """Point a table's rows at their organization."""
    return ForeignKeyConstraint(["organization_id"], ["organization.id"], name=f"{table}_organization")


def currency_checks(table: str) -> tuple[CheckConstraint, ...]:
    """Let a table's currency be three capital letters only, so that it is JSON as it stands."""
    rules = {
        "postgresql": "currency_code ~ '^[A-Z]{3}$'",
        "sqlite": "currency_code GLOB '[A-Z][A-Z][A-Z]'",
    }
    return tuple(
        CheckConstraint(rule, name=f"{table}_currency_known").ddl_if(dialect=dialect)
        for dialect, rule in rules.items()
    )
