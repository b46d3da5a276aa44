"""The root of all that is listened to, and what is told of an event."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import BigInteger, Text, bindparam, cast, exists, func, select
from sqlalchemy.sql.elements import ColumnElement

from db import models
from db.audit.events import START, is_visible
from db.audit.log import EventKind
from schema.filters.list_specs import OPPORTUNITIES
from schema.planner.fields.columns import argument, column, computed, planned_field
from schema.planner.fields.relations import by_foreign_key, scoped_table
from schema.planner.lists.filters import filter_condition
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import JsonText, SqlExpression, scalar_subquery, string_literal
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity

_KINDS = f"{', '.join(EventKind)}. New kinds may come, so keep a branch for unknown ones."
_AFTER = (
    "The id of the last event you know: what happened since is told first, so nothing is missed. Unless sent,"
    " only what happens from now on is told."
)
_WHEN = "Told after the change is committed, each event once, in one order for all."


def event_id(row: Any) -> SqlExpression:
    """Return the id of an event, from the columns of its row; ``db.audit.events.EventPosition`` reads it."""
    return cast(row.transaction_id, Text) + "-" + cast(row.position, Text)


@planned_type
class OpportunityEvent:
    """Something happened to an opportunity or to a quote of it."""

    event_id: str = computed(event_id, "Send the last one as `after` when you subscribe again.")
    kind: str = column(models.Event.kind, f"What happened: {_KINDS}")
    at: datetime = column(models.Event.at, "When it happened.")
    opportunity: Opportunity = by_foreign_key(
        models.Event.opportunity_id, "The opportunity as it is now; later changes may be in it already."
    )


def _told(selection: Selection, _row: Any) -> JsonText:
    """Return the object of the event whose position the server brings; NULL where a filter leaves it out."""
    event, within = scoped_table(models.Event)
    is_brought = event.c.position == bindparam("position", type_=BigInteger())
    told = select(selection.object(event)).select_from(event).where(within, is_brought)
    if "filter" in selection.field.args:
        told = told.where(_meets_filter(selection, event))
    return JsonText([scalar_subquery(told, of=None)])


def _meets_filter(selection: Selection, event: Any) -> ColumnElement[bool]:
    row, within = scoped_table(models.Opportunity)
    meets = filter_condition(selection.planner, OPPORTUNITIES.filter_name, selection.arguments["filter"], row)
    opportunity = select(row.c.id).where(within, row.c.id == event.c.opportunity_id, meets)
    return exists(opportunity.correlate(event))


@planned_type
class Subscription:
    """What can be listened to. Everything is confined to the caller's organization."""

    opportunity_changed: OpportunityEvent = planned_field(
        _told,
        f"Every change of one opportunity and of its quotes. {_WHEN}",
        [argument("id", strawberry.ID, "Its id."), argument("after", str | None, _AFTER)],
    )
    opportunities_changed: OpportunityEvent = planned_field(
        _told,
        f"Every change of opportunities and of their quotes. {_WHEN}",
        [
            argument(
                "filter",
                OPPORTUNITIES.filter | None,
                "Only opportunities that meet this as they are when an event is told; so the event that takes"
                " one out of the filter is not told.",
            ),
            argument("after", str | None, _AFTER),
        ],
    )


def latest_event_id(description: str) -> Any:
    """Declare the field that tells from where to listen, so that nothing is missed after this answer."""
    return planned_field(_latest, description)


def _latest(_selection: Selection, _row: Any) -> JsonText:
    event, within = scoped_table(models.Event)
    in_order = event.c.transaction_id.desc(), event.c.position.desc()
    latest = (
        select(event_id(event.c))
        .where(within, is_visible(event.c.transaction_id))
        .order_by(*in_order)
        .limit(1)
    )
    return JsonText(['"', func.coalesce(scalar_subquery(latest, of=None), string_literal(str(START))), '"'])
