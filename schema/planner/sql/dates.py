"""Calendar arithmetic that gives the same result on PostgreSQL and on SQLite."""

from sqlalchemy import Date, Integer

from db.domain.time_zones import time_zone_names
from schema.planner.errors import BadInput
from schema.planner.sql.expressions import DialectExpression


class MonthOf(DialectExpression):
    """The first day of the month of a date."""

    type = Date()
    postgresql = "date_trunc('month', {})::date"
    sqlite = "substr({}, 1, 7) || '-01'"


class LocalMonthOf(DialectExpression):
    """The first day of the month in which an instant lies in a time zone.

    Where the time zone shifts it out of the years 1 to 9999, it is the calendar's first or last month.
    """

    type = Date()
    postgresql = "greatest('0001-01-01', least('9999-12-01', date_trunc('month', {} AT TIME ZONE {})::date))"
    sqlite = "local_month({}, {})"


class DaysUntil(DialectExpression):
    """The number of days from the UTC date of an instant to a date."""

    type = Integer()
    postgresql = "({1} - ({0} AT TIME ZONE 'UTC')::date)"
    sqlite = "CAST(julianday({1}) - julianday(substr({0}, 1, 10)) AS INTEGER)"


def validate_time_zone(name: str) -> str:
    """Return the name of a time zone unchanged.

    Raises:
        BadInput: the IANA database has no time zone of this name.
    """
    if name in time_zone_names():
        return name
    raise BadInput("This is no time zone. Send a name of the IANA database, such as Europe/Berlin.")
