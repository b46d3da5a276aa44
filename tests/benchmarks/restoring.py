# ruff: noqa: S608 - the statements are put together from this module's own texts
"""Putting back what a slice has closed, so that every contestant finds the same."""

from collections.abc import Sequence

from tests.benchmarks.data.stores import Store

_KEPT = {
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
_WRITTEN = ("opportunity", "quote", "opportunity_close", "quote_close")

_DELETE_QUOTE_CLOSES = """
DELETE FROM quote_close WHERE quote_id IN (SELECT id FROM quote_before WHERE state IN ('ACTIVE', 'DRAFT'))
"""


class Restorer:
    """Remembers some opportunities, and their quotes, as they were when it was made."""

    def __init__(self, store: Store, opportunities: Sequence[str]) -> None:
        self._store = store
        ids = ", ".join(f"'{each}'" for each in opportunities)
        store.change(
            [
                _remember("opportunity", f"id IN ({ids})"),
                _remember("quote", f"opportunity_id IN ({ids})"),
                "CREATE UNIQUE INDEX opportunity_before_id ON opportunity_before (id)",
                "CREATE UNIQUE INDEX quote_before_id ON quote_before (id)",
            ]
        )

    def closed(self) -> int:
        """Return how many of the opportunities are closed."""
        (count,) = self._store.column(
            "SELECT count(*) FROM opportunity_close"
            " WHERE opportunity_id IN (SELECT id FROM opportunity_before) AND state = 'COMPLETED'"
        )
        return int(count)

    def restore(self) -> None:
        """Put back what the opportunities and their quotes were; what was journaled about them stays."""
        self._store.change(
            [
                _put_back("opportunity"),
                _put_back("quote"),
                "DELETE FROM opportunity_close WHERE opportunity_id IN (SELECT id FROM opportunity_before)",
                _DELETE_QUOTE_CLOSES,
            ]
        )
        self._store.tidy(_WRITTEN)


def _remember(table: str, condition: str) -> str:
    columns = ", ".join(("organization_id", "id", *_KEPT[table]))
    return f"CREATE TEMPORARY TABLE {table}_before AS SELECT {columns} FROM {table} WHERE {condition}"


def _put_back(table: str) -> str:
    values = ", ".join(f"{column} = before.{column}" for column in _KEPT[table])
    return (
        f"UPDATE {table} SET {values} FROM {table}_before AS before"
        f" WHERE {table}.organization_id = before.organization_id AND {table}.id = before.id"
        f" AND {table}.version <> before.version"
    )
