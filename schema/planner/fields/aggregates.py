"""What is told of groups of rows: whole numbers, ratios of them, and amounts by currency.

The rows of a tally are those of a group in one currency each. A figure is added up within them first, and
then over the group.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, literal_column

from schema.planner.fields.columns import Computed, RowExpression, planned_field
from schema.planner.plan.catalog import Source
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import (
    DialectExpression,
    FilteredAggregate,
    JsonJoin,
    JsonText,
    SqlExpression,
    json_or_null,
    json_value,
    string_literal,
)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What is added up over rows: an aggregate over their columns, under a name of its own."""

    name: str
    aggregate: RowExpression


def count_where(name: str, condition: RowExpression) -> Aggregate:
    """Return how many rows meet a condition."""
    return Aggregate(name, lambda row: FilteredAggregate(func.count(), condition(row)))


class PartitionAggregate(DialectExpression):
    """An aggregate over all rows of a tally that belong to one group, by currency."""

    postgresql = sqlite = (
        "{} OVER (PARTITION BY {} ORDER BY {} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    )

    def __init__(self, aggregate: SqlExpression, tally: Any) -> None:
        super().__init__(aggregate, tally.c.key, tally.c.currency_code)
        self.type = aggregate.type


def group_total(figure: Aggregate, tally: Any) -> SqlExpression:
    """Return a figure of the whole group; only for whole numbers."""
    return PartitionAggregate(func.sum(tally.c[figure.name]), tally)


@dataclass(frozen=True, slots=True)
class Total:
    """A whole number."""

    figures: tuple[Aggregate]

    def __call__(self, _selection: Selection, tally: Any) -> JsonText:
        """Return the number."""
        [figure] = self.figures
        return json_value(group_total(figure, tally), is_string=False)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure divided by another, rounded half up to some places; null where the other one is nothing."""

    figures: tuple[Aggregate, Aggregate]
    places: int

    def __call__(self, _selection: Selection, tally: Any) -> JsonText:
        """Return the ratio as a decimal."""
        part, whole = (group_total(figure, tally) for figure in self.figures)
        ratio = _Rounded(part, whole, _number(self.places), _number(10**self.places))
        return json_or_null(case((whole > _number(0), JsonText(['"', ratio, '"']))))


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount for each currency in which there is any, by the currency's code."""

    figures: tuple[Aggregate]

    def __call__(self, selection: Selection, tally: Any) -> JsonText:
        """Return the array of objects of type Money."""
        amount = tally.c[self.figures[0].name]
        sources: dict[str, Source] = {
            "amount": lambda *_: JsonText(['"', _SumText(amount), '"']),
            "currencyCode": Computed(lambda row: row.currency_code),
        }
        money = JsonJoin(selection.object(tally, sources=sources))
        amounts = PartitionAggregate(FilteredAggregate(money, amount.is_not(None)), tally)
        return JsonText(["[", func.coalesce(amounts, string_literal("")), "]"])


def total(figure: Aggregate, description: str) -> Any:
    """Declare a whole number of a group."""
    return planned_field(Total((figure,)), description)


def ratio(part: Aggregate, whole: Aggregate, description: str, *, places: int) -> Any:
    """Declare a ratio of two whole numbers of a group."""
    return planned_field(Ratio((part, whole), places), description)


def amounts(figure: Aggregate, description: str) -> Any:
    """Declare a list of a group's amounts, never added across currencies."""
    return planned_field(Amounts((figure,)), description)


def _number(value: int) -> SqlExpression:
    return literal_column(str(value))


class _Rounded(DialectExpression):
    """A whole number divided by another, as text; after them the places, and ten to the power of these."""

    postgresql = "round(({0})::numeric / ({1}), {2})::text"
    sqlite = "printf('%.*f', {2}, (2 * {3} * ({0}) + ({1})) / (2 * ({1})) / {3}.0)"


class _SumText(DialectExpression):
    """A sum of amounts as text; on SQLite whole hundredths, which may be too many for a float."""

    postgresql = "({0})::text"
    sqlite = "printf('%d.%02d', {0} / 100, {0} % 100)"
