"""Stored sort keys on PostgreSQL, because row security keeps expressions out of index conditions."""

from collections.abc import Mapping

from alembic import op

from db.migrations.helpers import (
    amount_sort_key,
    create_list_index,
    date_sort_key,
    is_postgresql,
    name_sort_key,
)

revision = "0010"
down_revision = "0009"

_NAMES = {
    "app_user": "name",
    "contracting_unit": "name",
    "account": "name",
    "competitor": "name",
    "opportunity": "name",
    "quote": "name",
    "status_reason": "label",
}
_AMOUNTS = {"opportunity": "estimated_revenue", "quote": "total"}
_OPTIONAL_AMOUNTS = {"opportunity": "actual_revenue"}
_OPTIONAL_DATES = {"opportunity": ("estimated_close_date", "closed_on"), "quote": ("effective_to",)}
_BY_DUE_DATE = ("owner_id", "account_id", "contracting_unit_id", "status_reason_id")


def upgrade() -> None:
    """Add the sort key columns, and index them."""
    if not is_postgresql():
        return
    for table, values in _sort_keys().items():
        stored = (f"ADD {column}_key {kind} {_generated(value)}" for column, (kind, value) in values.items())
        op.execute(f"ALTER TABLE {table} {', '.join(stored)}")
        _recreate_indexes(table, {column: f"{column}_key" for column in values})


def downgrade() -> None:
    """Index the expressions again, and drop the columns."""
    if not is_postgresql():
        return
    for table, values in _sort_keys().items():
        _recreate_indexes(table, {column: value for column, (_, value) in values.items()})
        op.execute(f"ALTER TABLE {table} {', '.join(f'DROP {column}_key' for column in values)}")


def _sort_keys() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """Return the type and the expression of each sort key, by table and column."""
    values = {table: {name: ('text COLLATE "C"', name_sort_key(name))} for table, name in _NAMES.items()}
    for table, amount in _AMOUNTS.items():
        values[table][amount] = ("double precision", amount)
    for table, amount in _OPTIONAL_AMOUNTS.items():
        values[table][amount] = ("double precision", amount_sort_key(amount))
    for table, dates in _OPTIONAL_DATES.items():
        values[table] |= {date: ("date", date_sort_key(date)) for date in dates}
    return values


def _generated(value: str) -> str:
    return f"GENERATED ALWAYS AS ({value}) STORED"


def _recreate_indexes(table: str, keys: Mapping[str, str]) -> None:
    for column, key in keys.items():
        op.drop_index(f"{table}_by_{column}", table)
        create_list_index(f"{table}_by_{column}", table, key)
    if table == "opportunity":
        _recreate_filtered_indexes(keys["estimated_close_date"])


def _recreate_filtered_indexes(due: str) -> None:
    for column in _BY_DUE_DATE:
        op.drop_index(f"opportunity_by_{column}", "opportunity")
        create_list_index(f"opportunity_by_{column}", "opportunity", column, "state", due)
    op.drop_index("opportunity_by_state", "opportunity")
    create_list_index("opportunity_by_state", "opportunity", "state", due)
