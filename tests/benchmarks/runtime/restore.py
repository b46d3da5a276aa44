# ruff: noqa: S608 - the statements consist of constants of this module
"""Restore the rows that a load has closed, so that every contestant starts from the same data."""

from collections.abc import Sequence

from tests.benchmarks.data.stores import Store

_RESTORED_COLUMNS = {
    "opportunity": [
        "state",
        "status_reason_id",
        "actual_revenue",
        "closed_on",
        "close_id",
        "version",
        "updated_at",
    ],
    "quote": ["state", "status_reason", "version", "updated_at"],
}
_WRITTEN_TABLES = ("opportunity", "quote", "opportunity_close", "quote_close")

_DELETE_QUOTE_CLOSES = """
DELETE FROM quote_close WHERE quote_id IN (SELECT id FROM quote_before WHERE state IN ('ACTIVE', 'DRAFT'))
"""


class Restorer:
    """A copy of some opportunities and their quotes, made by the constructor."""

    def __init__(self, store: Store, opportunities: Sequence[str]) -> None:
        self._store = store
        ids = ", ".join(f"'{each}'" for each in opportunities)
        store.run_in_transaction(
            [
                _copy_rows("opportunity", f"id IN ({ids})"),
                _copy_rows("quote", f"opportunity_id IN ({ids})"),
                "CREATE UNIQUE INDEX opportunity_before_id ON opportunity_before (id)",
                "CREATE UNIQUE INDEX quote_before_id ON quote_before (id)",
            ]
        )

    def closed(self) -> int:
        """Return the number of closed opportunities."""
        (count,) = self._store.column(
            "SELECT count(*) FROM opportunity_close"
            " WHERE opportunity_id IN (SELECT id FROM opportunity_before) AND state = 'COMPLETED'"
        )
        return int(count)

    def restore(self) -> None:
        """Restore the opportunities and their quotes; their audit entries stay."""
        self._store.run_in_transaction(
            [
                _restore_rows("opportunity"),
                _restore_rows("quote"),
                "DELETE FROM opportunity_close WHERE opportunity_id IN (SELECT id FROM opportunity_before)",
                _DELETE_QUOTE_CLOSES,
            ]
        )
        self._store.vacuum(_WRITTEN_TABLES)


def _copy_rows(table: str, condition: str) -> str:
    columns = ", ".join(("organization_id", "id", *_RESTORED_COLUMNS[table]))
    return f"CREATE TEMPORARY TABLE {table}_before AS SELECT {columns} FROM {table} WHERE {condition}"


def _restore_rows(table: str) -> str:
    values = ", ".join(f"{column} = before.{column}" for column in _RESTORED_COLUMNS[table])
    return (
        f"UPDATE {table} SET {values} FROM {table}_before AS before"
        f" WHERE {table}.organization_id = before.organization_id AND {table}.id = before.id"
        f" AND {table}.version <> before.version"
    )
