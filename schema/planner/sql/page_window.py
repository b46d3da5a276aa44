"""The rows fetched for a page: those that it shows, and one more if the list goes on.

A page asks for aggregates over these rows: the JSON array of those shown, the values of the first and of the
last one, and whether there is one more. On PostgreSQL they are slices of arrays, which saves a tenth of a
page's time, because no row has to be numbered. SQLite can't slice arrays, so there the rows are numbered;
counting them in a window instead would take two fifths of the time.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Subquery, func, literal_column, select

from schema.planner.sql.expressions import Condition, DialectExpression, JsonText, SqlExpression, json_array

_PLACE = "place_on_page"


class _PageAggregate(DialectExpression):
    """An aggregate of {0} a value, {1} the page's size and {2} the number of a row, from where paging began.

    A subclass for forward pages comes first, the one for backward pages (``...OfLast``) below it.
    """

    def __init__(self, value: SqlExpression, *operands: SqlExpression) -> None:
        super().__init__(value, *operands)
        self.type = value.type


class _FirstJoined(_PageAggregate):
    postgresql = "array_to_string((array_agg({0}::text))[:{1}], ',')"
    sqlite = "group_concat({0}, ',') FILTER (WHERE {2} <= {1})"


class _LastJoined(_FirstJoined):
    postgresql = "array_to_string((array_agg({0}::text))[count(*) + 1 - {1}:], ',')"


class _First(_PageAggregate):
    postgresql = "(array_agg({0}))[least({1}, 1)]"
    sqlite = "json_extract(json_group_array({0}) FILTER (WHERE {2} <= {1}), '$[0]')"


class _FirstOfLast(_First):
    postgresql = "(array_agg({0}))[count(*) + 1 - least({1}, count(*))]"


class _Last(_PageAggregate):
    postgresql = "(array_agg({0}))[least({1}, count(*))]"
    sqlite = "json_extract(json_group_array({0}) FILTER (WHERE {2} <= {1}), '$[#-1]')"


class _LastOfLast(_Last):
    postgresql = "(array_agg({0}))[count(*) + 1 - least({1}, 1)]"


@dataclass(frozen=True, slots=True)
class PageWindow:
    """At most ``size`` + 1 rows in the order of the list.

    The first ``size`` of them are shown, or the last ``size`` on a ``backward`` page.
    """

    rows: Subquery
    size: SqlExpression
    backward: bool

    @classmethod
    def from_select(cls, rows: Select[Any], size: SqlExpression, *, backward: bool) -> "PageWindow":
        """Fetch rows from a sorted select; a backward page has sorted it in the opposite order."""
        limited = rows.limit(size + literal_column("1")).subquery()
        # A window without an order of its own takes the rows as they come, and they come sorted.
        numbered = select(limited, func.row_number().over().label(_PLACE)).subquery()
        if backward:
            numbered = select(numbered).order_by(numbered.c[_PLACE].desc()).subquery()
        return cls(numbered, size, backward)

    def json_array(self, text: SqlExpression) -> JsonText:
        """Return the JSON array of the texts of the rows shown."""
        return json_array(self._aggregate(_LastJoined if self.backward else _FirstJoined, text))

    @property
    def has_more(self) -> Condition:
        """Whether a row was fetched that is not shown."""
        return func.count() > self.size

    def first(self, value: SqlExpression) -> SqlExpression:
        """Return a value of the first row shown; NULL if there is none."""
        return self._aggregate(_FirstOfLast if self.backward else _First, value)

    def last(self, value: SqlExpression) -> SqlExpression:
        """Return a value of the last row shown; NULL if there is none."""
        return self._aggregate(_LastOfLast if self.backward else _Last, value)

    def _aggregate(self, aggregate: type[_PageAggregate], value: SqlExpression) -> SqlExpression:
        return aggregate(value, self.size, self.rows.c[_PLACE])
