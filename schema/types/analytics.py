"""``dealAnalytics``: opportunities in groups, counted, with win rate, revenue and time to close."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import FromClause, Text, and_, func

from db import models
from schema.filters.list_specs import OPPORTUNITIES
from schema.leaf_types.enums import OpportunityState, graphql_enum
from schema.planner.fields.aggregates import Aggregate, amounts, count_where, ratio, total
from schema.planner.fields.columns import Computed
from schema.planner.fields.groups import SIZE, Grouping, Groups, KeyedRows, group_by_column, group_key
from schema.planner.fields.relations import ToOne
from schema.planner.plan.declarations import FieldDeclaration, argument, planned_field
from schema.planner.plan.parameters import ArgumentRef
from schema.planner.plan.scoped_tables import scoped_table
from schema.planner.sql.dates import DaysUntil, LocalMonthOf, MonthOf, validate_time_zone
from schema.planner.sql.expressions import Columns, Condition, FilteredAggregate
from schema.types.node import Money, planned_type
from schema.types.organization import Competitor, ContractingUnit, StatusReason, User


class DealGrouping(StrEnum):
    """What opportunities of a group have in common."""

    STATE = "STATE"
    STATUS_REASON = "STATUS_REASON"
    COMPETITOR = "COMPETITOR"
    OWNER = "OWNER"
    CONTRACTING_UNIT = "CONTRACTING_UNIT"
    MONTH = "MONTH"
    MONTH_CREATED = "MONTH_CREATED"


graphql_enum(
    DealGrouping,
    "What the opportunities of a group have in common.",
    {
        "STATE": "Their state.",
        "STATUS_REASON": "Their status reason.",
        "COMPETITOR": "Who they went to. Closed ones only; those of no named competitor, so all won ones,"
        " are a group of their own.",
        "OWNER": "Their account manager.",
        "CONTRACTING_UNIT": "The division that delivers them.",
        "MONTH": "The month in which they were closed. Closed ones only. `closedOn` is a date, so it has no"
        " time zone.",
        "MONTH_CREATED": "The month in which they were created, by the calendar of `timeZone`.",
    },
)


def _by_competitor(opportunity: FromClause, _arguments: ArgumentRef) -> KeyedRows:
    close, is_in_scope = scoped_table(models.OpportunityClose)
    closed = opportunity.join(close, and_(is_in_scope, close.c.id == opportunity.c.close_id))
    return KeyedRows(closed, close.c.competitor_id)


def _by_month(opportunity: FromClause, _arguments: ArgumentRef) -> KeyedRows:
    closed_on = opportunity.c.closed_on
    return KeyedRows(opportunity, MonthOf(closed_on), closed_on.is_not(None))


def _by_month_created(opportunity: FromClause, arguments: ArgumentRef) -> KeyedRows:
    time_zone = arguments["timeZone"].bind(Text(), validate_time_zone)
    return KeyedRows(opportunity, LocalMonthOf(opportunity.c.created_at, time_zone))


_GROUPINGS: Mapping[str, Grouping] = {
    DealGrouping.STATE: group_by_column(models.Opportunity.state),
    DealGrouping.STATUS_REASON: group_by_column(models.Opportunity.status_reason_id),
    DealGrouping.COMPETITOR: Grouping("competitor_id", _by_competitor),
    DealGrouping.OWNER: group_by_column(models.Opportunity.owner_id),
    DealGrouping.CONTRACTING_UNIT: group_by_column(models.Opportunity.contracting_unit_id),
    DealGrouping.MONTH: Grouping("month", _by_month, latest_first=True),
    DealGrouping.MONTH_CREATED: Grouping("month", _by_month_created, latest_first=True),
}


def _is_closed(row: Columns) -> Condition:
    return row.state != OpportunityState.OPEN


def _is_open(row: Columns) -> Condition:
    return row.state == OpportunityState.OPEN


_OPEN = count_where("open", _is_open)
_CLOSED = count_where("closed", _is_closed)
_WON = count_where("won", lambda row: row.state == OpportunityState.WON)
_LOST = count_where("lost", lambda row: row.state == OpportunityState.LOST)
_REVENUE = Aggregate("revenue", lambda row: func.sum(row.actual_revenue))
_ESTIMATED = Aggregate(
    "estimated", lambda row: FilteredAggregate(func.sum(row.estimated_revenue), _is_open(row))
)
_DAYS = Aggregate("days", lambda row: func.sum(DaysUntil(row.created_at, row.closed_on)))


def _named(name: str) -> ToOne:
    return ToOne(lambda group, row: row.id == group[name])


@planned_type
class DealGroup:
    """Opportunities that have something in common. Amounts are never added across currencies."""

    state: OpportunityState | None = group_key(
        "state", Computed(lambda group: group.state), "Their state, when grouped by STATE."
    )
    status_reason: StatusReason | None = group_key(
        "status_reason_id", _named("status_reason_id"), "Their status reason, when grouped by STATUS_REASON."
    )
    competitor: Competitor | None = group_key(
        "competitor_id",
        _named("competitor_id"),
        "Who they went to, when grouped by COMPETITOR; null also for those of no named competitor.",
    )
    owner: User | None = group_key("owner_id", _named("owner_id"), "Their owner, when grouped by OWNER.")
    contracting_unit: ContractingUnit | None = group_key(
        "contracting_unit_id",
        _named("contracting_unit_id"),
        "Their contracting unit, when grouped by CONTRACTING_UNIT.",
    )
    month: date | None = group_key(
        "month",
        Computed(lambda group: group.month),
        "The first day of the month that they were closed in, when grouped by MONTH, or created in, when"
        " grouped by MONTH_CREATED.",
    )
    count: int = total(SIZE, "How many there are.")
    open_count: int = total(_OPEN, "How many are open.")
    closed_count: int = total(_CLOSED, "How many are closed: won or lost.")
    won_count: int = total(_WON, "How many are won.")
    lost_count: int = total(_LOST, "How many are lost.")
    win_rate: Decimal | None = ratio(
        _WON,
        _CLOSED,
        "The won ones' part of the closed ones, from 0.0000 to 1.0000, rounded half up to four places; null"
        " where none is closed.",
        places=4,
    )
    average_days_to_close: Decimal | None = ratio(
        _DAYS,
        _CLOSED,
        "Days from creation (in UTC) to closing, averaged over the closed ones, rounded half up to one place;"
        " null where none is closed.",
        places=1,
    )
    revenue: list[Money] = amounts(
        _REVENUE, "What the closed ones brought, for each currency in which any did, by its code."
    )
    estimated_revenue: list[Money] = amounts(
        _ESTIMATED, "What the open ones are expected to bring, for each of their currencies, by its code."
    )


def deal_groups(description: str) -> FieldDeclaration:
    """Declare the list of groups."""
    return planned_field(
        Groups(models.Opportunity, OPPORTUNITIES, _GROUPINGS),
        description,
        [
            argument("group_by", DealGrouping, "What the opportunities of a group have in common."),
            argument("filter", OPPORTUNITIES.filter | None, "Only opportunities that meet this."),
            argument(
                "time_zone",
                str,
                "By whose calendar MONTH_CREATED is reckoned: a name of the IANA database, such as"
                " Europe/Berlin. No other grouping depends on it.",
                "UTC",
            ),
        ],
    )
