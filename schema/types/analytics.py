"""``dealAnalytics``: groups of opportunities, with counts, win rate, revenue and time to close."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import FromClause, Text, and_, func

from db import models
from schema.filters.list_specs import OPPORTUNITIES
from schema.leaf_types.enums import OpportunityState, graphql_enum
from schema.planner.fields.aggregates import Aggregate, amounts, count_where, ratio, total
from schema.planner.fields.groups import (
    SIZE,
    Grouping,
    Groups,
    KeyedRows,
    group_by_column,
    group_key,
    group_key_object,
)
from schema.planner.plan.declarations import FieldDeclaration, argument, planned_field
from schema.planner.plan.parameters import ArgumentRef
from schema.planner.plan.scoped_tables import scoped_table
from schema.planner.sql.dates import DaysUntil, LocalMonthOf, MonthOf, validate_time_zone
from schema.planner.sql.expressions import Columns, Condition, FilteredAggregate
from schema.types.node import Money, planned_type
from schema.types.organization import Competitor, ContractingUnit, StatusReason, User


class DealGrouping(StrEnum):
    """What the opportunities of a group have in common."""

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
        "STATE": "The state.",
        "STATUS_REASON": "The status reason.",
        "COMPETITOR": "The competitor named when closing; only closed opportunities. Those without one, such"
        " as all won ones, are a group of their own.",
        "OWNER": "The account manager.",
        "CONTRACTING_UNIT": "The division that delivers the project.",
        "MONTH": "The month of the closing date, which has no time zone; only closed opportunities.",
        "MONTH_CREATED": "The month of creation in `timeZone`.",
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


@planned_type
class DealGroup:
    """A group of opportunities. Amounts of different currencies are never added."""

    state: OpportunityState | None = group_key("state", "The state, if grouped by STATE.")
    status_reason: StatusReason | None = group_key_object(
        "status_reason_id", "The status reason, if grouped by STATUS_REASON."
    )
    competitor: Competitor | None = group_key_object(
        "competitor_id",
        "The competitor, if grouped by COMPETITOR; null for the group without a competitor.",
    )
    owner: User | None = group_key_object("owner_id", "The owner, if grouped by OWNER.")
    contracting_unit: ContractingUnit | None = group_key_object(
        "contracting_unit_id", "The contracting unit, if grouped by CONTRACTING_UNIT."
    )
    month: date | None = group_key(
        "month",
        "The first day of the month of closing, if grouped by MONTH; of the month of creation, if grouped by"
        " MONTH_CREATED.",
    )
    count: int = total(SIZE, "The number of opportunities.")
    open_count: int = total(_OPEN, "The number of open opportunities.")
    closed_count: int = total(_CLOSED, "The number of closed opportunities: won or lost.")
    won_count: int = total(_WON, "The number of won opportunities.")
    lost_count: int = total(_LOST, "The number of lost opportunities.")
    win_rate: Decimal | None = ratio(
        _WON,
        _CLOSED,
        "The number of won divided by that of closed opportunities, from 0.0000 to 1.0000, rounded half up to"
        " four decimal places; null if none is closed.",
        places=4,
    )
    average_days_to_close: Decimal | None = ratio(
        _DAYS,
        _CLOSED,
        "The average number of days from creation (in UTC) to the closing date, rounded half up to one"
        " decimal place; null if none is closed.",
        places=1,
    )
    revenue: list[Money] = amounts(
        _REVENUE,
        "The actual revenue of the closed opportunities, one amount for each currency, sorted by its code.",
    )
    estimated_revenue: list[Money] = amounts(
        _ESTIMATED,
        "The estimated revenue of the open opportunities, one amount for each currency, sorted by its code.",
    )


def deal_groups(description: str) -> FieldDeclaration:
    """Declare the list of groups of opportunities."""
    return planned_field(
        Groups(models.Opportunity, OPPORTUNITIES, _GROUPINGS),
        description,
        [
            argument("group_by", DealGrouping, "What the opportunities of a group have in common."),
            argument(
                "filter",
                OPPORTUNITIES.filter | None,
                "Only opportunities that match this filter; null is no filter.",
            ),
            argument(
                "time_zone",
                str,
                "The time zone of MONTH_CREATED, a name of the IANA database such as Europe/Berlin. Other"
                " groupings do not depend on it.",
                "UTC",
            ),
        ],
    )
