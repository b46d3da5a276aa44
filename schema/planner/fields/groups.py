"""Fields that list groups of rows: the rows of a table that agree in a key, aggregated."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from sqlalchemy import FromClause, Subquery, func, literal_column, select, true
from sqlmodel import SQLModel

from schema.planner.fields.aggregates import Aggregate, AggregateSource, PartitionAggregate, group_total
from schema.planner.fields.columns import Computed
from schema.planner.fields.relations import ToOne
from schema.planner.lists.filters import filter_condition
from schema.planner.lists.ordering import ListSpec
from schema.planner.plan.catalog import Source
from schema.planner.plan.declarations import FieldDeclaration, column_name, planned_field
from schema.planner.plan.parameters import ArgumentRef
from schema.planner.plan.planner import Selection
from schema.planner.plan.scoped_tables import scoped_table
from schema.planner.sql.expressions import (
    Condition,
    JsonText,
    SqlExpression,
    json_array_of_rows,
)

SIZE = Aggregate("size", lambda _: func.count())
"""The number of rows of a group."""


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """Rows to be grouped: what to select them from, their key, and the condition on which they have one."""

    source: FromClause
    key: SqlExpression
    condition: Condition = field(default_factory=true)


@dataclass(frozen=True, slots=True)
class Grouping:
    """A way to group the rows of a table; ``key_name`` is that of ``group_key``.

    ``rows`` adds the key to the table. The largest groups come first, or those with the latest key.
    """

    key_name: str
    rows: Callable[[FromClause, ArgumentRef], KeyedRows]
    latest_first: bool = False


def group_by_column(attribute: object) -> Grouping:
    """Return the grouping by a column; the key has the column's name."""
    name = column_name(attribute)
    return Grouping(name, lambda row, _: KeyedRows(row, row.c[name]))


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of those rows of a table that meet the argument ``filter``, as ``groupBy`` requests."""

    model: type[SQLModel]
    spec: ListSpec
    groupings: Mapping[str, Grouping]

    def __call__(self, selection: Selection, row: FromClause) -> JsonText:
        """Return the array of groups."""
        grouping = self.groupings[selection.arguments["groupBy"].value]
        subtotals = self._subtotals(selection, grouping)
        each = select(
            selection.json_object(subtotals).label("text"),
            subtotals.c.key,
            group_total(SIZE, subtotals).label("size"),
            PartitionAggregate(func.row_number(), subtotals).label("place"),
        ).subquery()
        # A group has a row of subtotals for each currency, and the text of each describes the whole group.
        order = [each.c.size.desc(), each.c.key.is_(None), each.c.key]
        if grouping.latest_first:
            order = [each.c.key.desc()]
        groups = select(each.c.text).where(each.c.place == literal_column("1")).order_by(*order).subquery()
        return json_array_of_rows(groups.c.text, groups, outer=row)

    def _subtotals(self, selection: Selection, grouping: Grouping) -> Subquery:
        arguments = selection.arguments
        row, is_in_scope = scoped_table(self.model)
        keyed = grouping.rows(row, arguments)
        meets_filter = filter_condition(selection.planner, self.spec.filter_name, arguments["filter"], row)
        rows = (
            select(row, keyed.key.label("key"))
            .select_from(keyed.source)
            .where(is_in_scope, meets_filter, keyed.condition)
            .subquery()
        )
        key, currency = rows.c.key, rows.c.currency_code
        aggregates = [each.expression(rows.c).label(each.name) for each in _required(selection)]
        subtotals = select(key, key.label(grouping.key_name), currency, *aggregates)
        return subtotals.group_by(key, currency).subquery()


def group_key(name: str, description: str) -> FieldDeclaration:
    """Declare a field with the key of a group; null unless grouped by the grouping with this ``key_name``."""
    return _group_key(name, Computed(lambda group: group[name]), description)


def group_key_object(name: str, description: str) -> FieldDeclaration:
    """Declare the same for the row whose id is the key."""
    return _group_key(name, ToOne(lambda group, row: row.id == group[name]), description)


def _group_key(name: str, source: Source, description: str) -> FieldDeclaration:
    def key(selection: Selection, subtotals: FromClause) -> JsonText:
        return source(selection, subtotals) if name in subtotals.c else JsonText(["null"])

    return planned_field(key, description)


def _required(selection: Selection) -> list[Aggregate]:
    """Return the aggregates that the selected fields of a group are made of."""
    sources = selection.planner.catalog.sources[selection.type_name]
    selected = selection.subselections(selection.type_name).values()
    found: list[object] = [sources.get(each.nodes[0].name.value) for each in selected]
    required = [source.aggregates for source in found if isinstance(source, AggregateSource)]
    return list(dict.fromkeys(chain([SIZE], *required)))
