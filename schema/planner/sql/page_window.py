"""The rows that a page fetched, and which of them it shows: one more is fetched to see whether it is there.

What is told of them are aggregates. PostgreSQL takes these out of arrays, which saves a page a tenth of its
time: it numbers no row where nobody asks for the numbers. SQLite can't cut an array, so it goes by numbers;
to count the rows beside them would take two fifths of its time.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal_column, select

from schema.planner.sql.expressions import DialectExpression, JsonText, SqlExpression, json_array


@dataclass(frozen=True, slots=True)
class PageWindow:
    """The rows of one page, in the order of the list; ``size`` are shown, the last ones if ``backward``."""

    rows: Any
    size: SqlExpression
    backward: bool

    @classmethod
    def of(cls, rows: Select[Any], size: SqlExpression, *, backward: bool) -> "PageWindow":
        """Take ``size`` of the rows, which a backward page has sorted the other way round."""
        limited = rows.limit(size + literal_column("1")).subquery()
        # A window without an order of its own takes the rows as they come, and they come sorted.
        numbered = select(limited, func.row_number().over().label(_PLACE)).subquery()
        if backward:
            numbered = select(numbered).order_by(numbered.c[_PLACE].desc()).subquery()
        return cls(numbered, size, backward)

    def joined(self, text: SqlExpression) -> JsonText:
        """Return a JSON array of the texts of the rows that are shown."""
        return json_array(self._told(_LastJoined if self.backward else _FirstJoined, text))

    @property
    def has_more(self) -> SqlExpression:
        """Whether a row was fetched that is not shown."""
        return func.count() > self.size

    def first(self, value: SqlExpression) -> SqlExpression:
        """Return a value of the first row that is shown; NULL if there is none."""
        return self._told(_FirstOfLast if self.backward else _First, value)

    def last(self, value: SqlExpression) -> SqlExpression:
        """Return a value of the last row that is shown; NULL if there is none."""
        return self._told(_LastOfLast if self.backward else _Last, value)

    def _told(self, aggregate: "type[_PageAggregate]", value: SqlExpression) -> SqlExpression:
        return aggregate(value, self.size, self.rows.c[_PLACE])


_PLACE = "place_on_page"


class _PageAggregate(DialectExpression):
    """What a value comes to over the rows; the size, and a row's place from where paging began."""

    def __init__(self, value: SqlExpression, *parts: SqlExpression) -> None:
        super().__init__(value, *parts)
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
