"""How a list is sorted: the caller's order, ended by the id so that no two rows are equal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from db.models.ddl.sort_keys import sort_key, sort_value
from schema.planner.plan.planner import ArgumentRef
from schema.planner.sql.expressions import SqlExpression


class OrderDirection(StrEnum):
    """Which end of an order comes first."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One column of an order."""

    column: str
    descending: bool = False

    def key(self, row: Any) -> SqlExpression:
        """Return what is compared, of a row of the list's table itself."""
        return sort_key(row.c[self.column])

    def value(self, row: Any) -> SqlExpression:
        """Return the value that is compared, of any row that has the columns of the list's table."""
        return sort_value(row.c[self.column])


@dataclass(frozen=True, slots=True)
class ListSpec:
    """How a list may be narrowed and sorted: input types, columns by order field, the default order.

    Rows never agree in all of the ``unique`` columns; an order of these needs no id to break ties.
    """

    filter: type
    order: type
    columns: Mapping[str, Sequence[str]]
    default: Sequence[tuple[str, OrderDirection]]
    unique: frozenset[str]

    @property
    def filter_name(self) -> str:
        """The name of the filter's input type."""
        return self.filter.__strawberry_definition__.name  # type: ignore[attr-defined,no-any-return]

    def terms(self, order_by: ArgumentRef) -> list[OrderTerm]:
        """Return the order that is asked for; a column that comes twice counts where it comes first."""
        chosen: dict[str, OrderTerm] = {}
        for field, direction in _asked(order_by) or self.default:
            for column in self.columns[field]:
                chosen.setdefault(column, OrderTerm(column, direction == OrderDirection.DESC))
        terms = list(chosen.values())
        return terms if self.unique <= chosen.keys() else [*terms, OrderTerm("id", terms[-1].descending)]


def _asked(order_by: ArgumentRef) -> list[tuple[str, OrderDirection]]:
    if not order_by:
        return []
    sent = [each.value for each in order_by.elements()]
    return [(str(each["field"]), OrderDirection(each["direction"])) for each in sent]
