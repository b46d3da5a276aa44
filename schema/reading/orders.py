"""How a list is sorted: the caller's order, ended by the id so that no two rows are equal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from db.models.sorting import sort_key
from schema.reading.planning import Late
from schema.reading.sql import Sql


class OrderDirection(StrEnum):
    """Which end of an order comes first."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order."""

    column: str
    descending: bool = False

    def key(self, row: Any) -> Sql:
        """Return the expression that is compared."""
        return sort_key(row.c[self.column])


@dataclass(frozen=True, slots=True)
class Listing:
    """How rows may be narrowed and sorted: input types, columns by order field, the default order."""

    filter: type
    order: type
    columns: Mapping[str, Any]
    default: Sequence[tuple[Any, OrderDirection]]

    @property
    def filter_name(self) -> str:
        """The name of the filter's input type."""
        return self.filter.__strawberry_definition__.name  # type: ignore[attr-defined,no-any-return]

    def terms(self, order_by: Late) -> list[Term]:
        """Return the order that is asked for; a column that comes twice counts where it comes first."""
        chosen: dict[str, Term] = {}
        for term in _asked(self.columns, order_by) if order_by else self._default():
            chosen.setdefault(term.column, term)
        terms = [term for term in chosen.values() if term.column != "id"]
        return [*terms, Term("id", chosen.get("id", terms[-1] if terms else Term("id")).descending)]

    def _default(self) -> list[Term]:
        return [Term(column.key, direction is OrderDirection.DESC) for column, direction in self.default]


def _asked(columns: Mapping[str, Any], order_by: Late) -> list[Term]:
    return [
        Term(columns[str(each.value["field"])].key, str(each.value["direction"]) == OrderDirection.DESC)
        for each in order_by.elements()
    ]
