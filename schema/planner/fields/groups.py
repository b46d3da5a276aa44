"""Lists of groups: the rows of a table that agree in a key, and what is told of them together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, literal_column, select, true

from schema.planner.fields.aggregates import Aggregate, PartitionAggregate, group_total
from schema.planner.fields.columns import planned_field
from schema.planner.fields.relations import scoped_table
from schema.planner.lists.filters import filter_condition
from schema.planner.lists.ordering import ListSpec
from schema.planner.plan.catalog import Source
from schema.planner.plan.planner import ArgumentRef, Planner, Selection
from schema.planner.sql.expressions import JsonText, SqlExpression, json_array_agg, scalar_subquery

SIZE = Aggregate("size", lambda _: func.count())
"""How many rows a group has."""


@dataclass(frozen=True, slots=True)
class GroupedRows:
    """Rows with their keys: what to select them from, and which of them have a key at all."""

    source: Any
    key: SqlExpression
    condition: SqlExpression = field(default_factory=true)


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to group rows, ``name`` being that of the key. The largest groups come first, or the latest."""

    name: str
    split: Callable[[Any, ArgumentRef], GroupedRows]
    latest_first: bool = False


def group_by_column(attribute: Any) -> Grouping:
    """Return the way to group rows by a column."""
    return Grouping(attribute.key, lambda row, _: GroupedRows(row, row.c[attribute.key]))


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of those rows of a table that meet ``filter``, made as ``groupBy`` says."""

    model: Any
    listing: ListSpec
    groupings: Mapping[Any, Grouping]

    def __call__(self, selection: Selection, _row: Any) -> JsonText:
        """Return the array of groups."""
        grouping = self.groupings[selection.arguments["groupBy"].value]
        tally = self._tally(selection, grouping)
        each = select(
            selection.object(tally).label("text"),
            tally.c.key,
            group_total(SIZE, tally).label("size"),
            PartitionAggregate(func.row_number(), tally).label("place"),
        ).subquery()
        # A group has a row for each of its currencies, and each of them tells of the whole group.
        once = (
            select(each.c.text).where(each.c.place == literal_column("1")).order_by(*_order(each, grouping))
        )
        groups = once.subquery()
        return JsonText([scalar_subquery(select(json_array_agg(groups.c.text)).select_from(groups), of=None)])

    def _tally(self, selection: Selection, grouping: Grouping) -> Any:
        rows = self._rows(selection.planner, selection.arguments, grouping)
        key, currency = rows.c.key, rows.c.currency_code
        figures = [figure.aggregate(rows.c).label(figure.name) for figure in _asked(selection)]
        tally = select(key, key.label(grouping.name), currency, *figures)
        return tally.group_by(key, currency).subquery()

    def _rows(self, planner: Planner, asked: ArgumentRef, grouping: Grouping) -> Any:
        row, within = scoped_table(self.model)
        split = grouping.split(row, asked)
        rows = select(row, split.key.label("key")).select_from(split.source)
        meets = filter_condition(planner, self.listing.filter_name, asked["filter"], row)
        return rows.where(within, meets, split.condition).subquery()


@dataclass(frozen=True, slots=True)
class Key:
    """What a group has in common; null where groups are made by something else."""

    name: str
    source: Source

    def __call__(self, selection: Selection, tally: Any) -> JsonText:
        """Return what the source answers over the tally's rows."""
        return self.source(selection, tally) if self.name in tally.c else JsonText(["null"])


def key(name: str, source: Source, description: str) -> Any:
    """Declare what a group has in common when it is made by the grouping of this name."""
    return planned_field(Key(name, source), description)


def _asked(selection: Selection) -> list[Aggregate]:
    sources = selection.planner.catalog.sources[selection.type_name]
    asked = [sources.get(part.nodes[0].name.value) for part in selection.parts(selection.type_name).values()]
    figures = [figure for source in asked for figure in getattr(source, "figures", ())]
    return list(dict.fromkeys([SIZE, *figures]))


def _order(groups: Any, grouping: Grouping) -> list[Any]:
    if grouping.latest_first:
        return [groups.c.key.desc()]
    return [groups.c.size.desc(), groups.c.key.is_(None), groups.c.key]
