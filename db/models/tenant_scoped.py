"""What the tables of an organization share: the primary key, foreign keys and checks of currencies."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from db.sql.column_types import Id


class TenantScoped(SQLModel):
    """A row that belongs to exactly one organization.

    Primary and foreign keys start with the organization's id, so no row can reference one of another
    organization.
    """

    organization_id: UUID = Field(sa_type=Id, primary_key=True)
    id: UUID = Field(sa_type=Id, primary_key=True)


def scoped_foreign_key(table: str, column: str, *, name: str, target: str = "id") -> ForeignKeyConstraint:
    """Return the foreign key of ``column`` to a row of the same organization."""
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{table}.organization_id", f"{table}.{target}"], name=name
    )


def organization_foreign_key(table: str) -> ForeignKeyConstraint:
    """Return the foreign key of a table to the organization."""
    return ForeignKeyConstraint(["organization_id"], ["organization.id"], name=f"{table}_organization")


def currency_checks(table: str) -> tuple[CheckConstraint, ...]:
    """Return the checks that a currency is three capital letters, so that it needs no escapes in JSON."""
    rules = {
        "postgresql": "currency_code ~ '^[A-Z]{3}$'",
        "sqlite": "currency_code GLOB '[A-Z][A-Z][A-Z]'",
    }
    return tuple(
        CheckConstraint(rule, name=f"{table}_currency_known").ddl_if(dialect=dialect)
        for dialect, rule in rules.items()
    )
