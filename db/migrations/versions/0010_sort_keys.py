"""What lists are sorted by is stored on PostgreSQL: an index bounds a page although rows are hidden."""

from collections.abc import Mapping

from alembic import op

from db.migrations.helpers import by_amount, by_date, by_name, create_list_index, is_postgresql

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
    """Store them, and index what is stored."""
    if not is_postgresql():
        return
    for table, values in _values().items():
        stored = (f"ADD {column}_key {kind} {_always(value)}" for column, (kind, value) in values.items())
        op.execute(f"ALTER TABLE {table} {', '.join(stored)}")
        _index_anew(table, {column: f"{column}_key" for column in values})


def downgrade() -> None:
    """Index the expressions again, and drop what was stored."""
    if not is_postgresql():
        return
    for table, values in _values().items():
        _index_anew(table, {column: value for column, (_, value) in values.items()})
        op.execute(f"ALTER TABLE {table} {', '.join(f'DROP {column}_key' for column in values)}")


def _values() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """Return, by table and sorted column, the type and the value of its key."""
    values = {table: {name: ('text COLLATE "C"', by_name(name))} for table, name in _NAMES.items()}
    for table, amount in _AMOUNTS.items():
        values[table][amount] = ("double precision", amount)
    for table, amount in _OPTIONAL_AMOUNTS.items():
        values[table][amount] = ("double precision", by_amount(amount))
    for table, dates in _OPTIONAL_DATES.items():
        values[table] |= {date: ("date", by_date(date)) for date in dates}
    return values


def _always(value: str) -> str:
    return f"GENERATED ALWAYS AS ({value}) STORED"


def _index_anew(table: str, keys: Mapping[str, str]) -> None:
    for column, key in keys.items():
        op.drop_index(f"{table}_by_{column}", table)
        create_list_index(f"{table}_by_{column}", table, key)
    if table == "opportunity":
        _index_narrowed(keys["estimated_close_date"])


def _index_narrowed(due: str) -> None:
    for column in _BY_DUE_DATE:
        op.drop_index(f"opportunity_by_{column}", "opportunity")
        create_list_index(f"opportunity_by_{column}", "opportunity", column, "state", due)
    op.drop_index("opportunity_by_state", "opportunity")
    create_list_index("opportunity_by_state", "opportunity", "state", due)
