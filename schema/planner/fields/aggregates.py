"""Fields of groups of rows: counts and other whole numbers, ratios of these, and amounts by currency.

Amounts of different currencies are never added, so a group is aggregated in two steps. The subtotals have
one row for each key and currency: ``SELECT key, currency_code, count(*) AS size, ... GROUP BY 1, 2``. A
window over the subtotals of a key adds them up for the group. The sources here read rows of subtotals.
"""

from dataclasses import dataclass

from sqlalchemy import FromClause, case, func, literal_column

from schema.planner.fields.columns import Computed
from schema.planner.plan.catalog import Source
from schema.planner.plan.declarations import FieldDeclaration, planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import (
    AmountText,
    DialectExpression,
    FilteredAggregate,
    JsonJoin,
    JsonText,
    RowExpression,
    SqlExpression,
    json_array,
    json_or_null,
    json_value,
)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A column of the subtotals: its name, and the aggregate of the rows that it has."""

    name: str
    expression: RowExpression


def count_where(name: str, condition: RowExpression) -> Aggregate:
    """Return the number of rows that meet a condition."""
    return Aggregate(name, lambda row: FilteredAggregate(func.count(), condition(row)))


class PartitionAggregate(DialectExpression):
    """An aggregate over all subtotals of a group, in the order of their currencies."""

    postgresql = sqlite = (
        "{} OVER (PARTITION BY {} ORDER BY {} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    )

    def __init__(self, aggregate: SqlExpression, subtotals: FromClause) -> None:
        super().__init__(aggregate, subtotals.c.key, subtotals.c.currency_code)
        self.type = aggregate.type


class _RoundedQuotient(DialectExpression):
    """{0} divided by {1}, rounded half up to {2} decimal places, as text; {3} is ten to the power of {2}."""

    postgresql = "round(({0})::numeric / ({1}), {2})::text"
    sqlite = "printf('%.*f', {2}, (2 * {3} * ({0}) + ({1})) / (2 * ({1})) / {3}.0)"


@dataclass(frozen=True, slots=True)
class AggregateSource:
    """What answers a field of a group from its subtotals; these must have the columns ``aggregates``."""

    aggregates: tuple[Aggregate, ...]


@dataclass(frozen=True, slots=True)
class Total(AggregateSource):
    """A whole number of the group."""

    def __call__(self, _selection: Selection, subtotals: FromClause) -> JsonText:
        """Return the number."""
        [aggregate] = self.aggregates
        return json_value(group_total(aggregate, subtotals), is_string=False)


@dataclass(frozen=True, slots=True)
class Ratio(AggregateSource):
    """A whole number of the group divided by another, as a decimal; null if that is zero."""

    places: int

    def __call__(self, _selection: Selection, subtotals: FromClause) -> JsonText:
        """Return the ratio, rounded half up to ``places``."""
        part, whole = (group_total(aggregate, subtotals) for aggregate in self.aggregates)
        quotient = _RoundedQuotient(part, whole, _integer(self.places), _integer(10**self.places))
        return json_or_null(case((whole > _integer(0), JsonText(['"', quotient, '"']))))


@dataclass(frozen=True, slots=True)
class Amounts(AggregateSource):
    """A list of type ``Money``: the group's amount in each of its currencies, by code."""

    def __call__(self, selection: Selection, subtotals: FromClause) -> JsonText:
        """Return the array of objects, without currencies that have no amount."""
        [aggregate] = self.aggregates
        amount = subtotals.c[aggregate.name]
        sources: dict[str, Source] = {
            "amount": lambda *_: JsonText(['"', AmountText(amount), '"']),
            "currencyCode": Computed(lambda row: row.currency_code),
        }
        money = JsonJoin(selection.json_object(subtotals, sources=sources))
        return json_array(PartitionAggregate(FilteredAggregate(money, amount.is_not(None)), subtotals))


def group_total(aggregate: Aggregate, subtotals: FromClause) -> SqlExpression:
    """Return the total of a group; for whole numbers, which don't depend on the currency."""
    return PartitionAggregate(func.sum(subtotals.c[aggregate.name]), subtotals)


def total(aggregate: Aggregate, description: str) -> FieldDeclaration:
    """Declare a whole number of a group."""
    return planned_field(Total((aggregate,)), description)


def ratio(part: Aggregate, whole: Aggregate, description: str, *, places: int) -> FieldDeclaration:
    """Declare the ratio of two whole numbers of a group."""
    return planned_field(Ratio((part, whole), places), description)


def amounts(aggregate: Aggregate, description: str) -> FieldDeclaration:
    """Declare the amounts of a group, one for each currency."""
    return planned_field(Amounts((aggregate,)), description)


def _integer(value: int) -> SqlExpression:
    return literal_column(str(value))
