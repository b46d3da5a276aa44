"""How a list is sorted: the order requested, ended by the id so that no two rows are equal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import FromClause
from strawberry.types import get_object_definition

from db.models.ddl.sort_keys import sort_key, sort_value
from schema.planner.plan.parameters import ArgumentRef
from schema.planner.sql.expressions import SqlExpression


class OrderDirection(StrEnum):
    """Which end of an order comes first."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """A column that rows are sorted by."""

    column: str
    descending: bool = False

    def key(self, row: FromClause) -> SqlExpression:
        """Return what rows are compared by; ``row`` is the list's table, so that an index can be used."""
        return sort_key(row.c[self.column])

    def value(self, row: FromClause) -> SqlExpression:
        """Return the value that is compared; ``row`` is anything that has the column."""
        return sort_value(row.c[self.column])


@dataclass(frozen=True, slots=True)
class ListSpec:
    """How a list can be filtered and sorted: its input types, and the columns of each order field.

    No two rows of the list agree in all ``unique`` columns; an order that has these doesn't need the id.
    """

    filter: type
    order: type
    columns: Mapping[str, Sequence[str]]
    default: Sequence[tuple[str, OrderDirection]]
    unique: frozenset[str]

    @property
    def filter_name(self) -> str:
        """The name of the filter's input type."""
        return get_object_definition(self.filter, strict=True).name

    def terms(self, order_by: ArgumentRef) -> list[OrderTerm]:
        """Return the order requested, or the default; a column counts where it comes first."""
        chosen: dict[str, OrderTerm] = {}
        for field, direction in _requested(order_by) or self.default:
            for column in self.columns[field]:
                chosen.setdefault(column, OrderTerm(column, direction == OrderDirection.DESC))
        terms = list(chosen.values())
        return terms if self.unique <= chosen.keys() else [*terms, OrderTerm("id", terms[-1].descending)]


def _requested(order_by: ArgumentRef) -> list[tuple[str, OrderDirection]]:
    if not order_by:
        return []
    sent = [each.value for each in order_by.elements()]
    return [(str(each["field"]), OrderDirection(each["direction"])) for each in sent]
