"""What is told of groups of rows: whole numbers, ratios of them, and amounts by currency.

The rows of a tally are those of a group in one currency each. A figure is added up within them first, and
then over the group.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, literal_column

from schema.planner.fields.columns import Computed, Expression, sourced
from schema.planner.plan.catalog import Source
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import (
    Concatenation,
    Filtered,
    Joined,
    Spelled,
    Sql,
    constant,
    json_value,
    or_null,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """What is added up over rows: an aggregate over their columns, under a name of its own."""

    name: str
    aggregate: Expression


def counted(name: str, condition: Expression) -> Figure:
    """Return how many rows meet a condition."""
    return Figure(name, lambda row: Filtered(func.count(), condition(row)))


class OverGroup(Spelled):
    """An aggregate over all rows of a tally that belong to one group, by currency."""

    postgresql = sqlite = (
        "{} OVER (PARTITION BY {} ORDER BY {} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    )

    def __init__(self, aggregate: Sql, tally: Any) -> None:
        super().__init__(aggregate, tally.c.key, tally.c.currency_code)
        self.type = aggregate.type


def total_of(figure: Figure, tally: Any) -> Sql:
    """Return a figure of the whole group; only for whole numbers."""
    return OverGroup(func.sum(tally.c[figure.name]), tally)


@dataclass(frozen=True, slots=True)
class Total:
    """A whole number."""

    figures: tuple[Figure]

    def __call__(self, _selection: Selection, tally: Any) -> Concatenation:
        """Return the number."""
        [figure] = self.figures
        return json_value(total_of(figure, tally), is_string=False)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure divided by another, rounded half up to some places; null where the other one is nothing."""

    figures: tuple[Figure, Figure]
    places: int

    def __call__(self, _selection: Selection, tally: Any) -> Concatenation:
        """Return the ratio as a decimal."""
        part, whole = (total_of(figure, tally) for figure in self.figures)
        ratio = _Rounded(part, whole, _number(self.places), _number(10**self.places))
        return or_null(case((whole > _number(0), Concatenation(['"', ratio, '"']))))


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount for each currency in which there is any, by the currency's code."""

    figures: tuple[Figure]

    def __call__(self, selection: Selection, tally: Any) -> Concatenation:
        """Return the array of objects of type Money."""
        amount = tally.c[self.figures[0].name]
        sources: dict[str, Source] = {
            "amount": lambda *_: Concatenation(['"', _SumText(amount), '"']),
            "currencyCode": Computed(lambda row: row.currency_code),
        }
        money = Joined(selection.object(tally, sources=sources))
        amounts = OverGroup(Filtered(money, amount.is_not(None)), tally)
        return Concatenation(["[", func.coalesce(amounts, constant("")), "]"])


def total(figure: Figure, description: str) -> Any:
    """Declare a whole number of a group."""
    return sourced(Total((figure,)), description)


def ratio(part: Figure, whole: Figure, description: str, *, places: int) -> Any:
    """Declare a ratio of two whole numbers of a group."""
    return sourced(Ratio((part, whole), places), description)


def amounts(figure: Figure, description: str) -> Any:
    """Declare a list of a group's amounts, never added across currencies."""
    return sourced(Amounts((figure,)), description)


def _number(value: int) -> Sql:
    return literal_column(str(value))


class _Rounded(Spelled):
    """A whole number divided by another, as text; after them the places, and ten to the power of these."""

    postgresql = "round(({0})::numeric / ({1}), {2})::text"
    sqlite = "printf('%.*f', {2}, (2 * {3} * ({0}) + ({1})) / (2 * ({1})) / {3}.0)"


class _SumText(Spelled):
    """A sum of amounts as text; on SQLite whole hundredths, which may be too many for a float."""

    postgresql = "({0})::text"
    sqlite = "printf('%d.%02d', {0} / 100, {0} % 100)"
