"""Months and days between moments, reckoned alike on PostgreSQL and on SQLite."""

from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import Date, Integer

from schema.planner.errors import BadInput
from schema.planner.sql.expressions import DialectExpression


class MonthOf(DialectExpression):
    """The first day of a day's month."""

    type = Date()
    postgresql = "date_trunc('month', {})::date"
    sqlite = "substr({}, 1, 7) || '-01'"


class LocalMonthOf(DialectExpression):
    """The first day of an instant's month in a time zone."""

    type = Date()
    postgresql = "date_trunc('month', {} AT TIME ZONE {})::date"
    sqlite = "local_month({}, {})"


class DaysUntil(DialectExpression):
    """Whole days from an instant's day in UTC to a day."""

    type = Integer()
    postgresql = "({1} - ({0} AT TIME ZONE 'UTC')::date)"
    sqlite = "CAST(julianday({1}) - julianday(substr({0}, 1, 10)) AS INTEGER)"


def validate_time_zone(name: str) -> str:
    """Return the name of a time zone.

    Raises:
        BadInput: there is none of this name.
    """
    if name in _time_zones():
        return name
    raise BadInput("This is no time zone. Send a name of the IANA database, such as Europe/Berlin.")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})  # the server's own, which no database knows
