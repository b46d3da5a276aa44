"""The root of all that is listened to, and what is told of an event."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import BigInteger, Text, bindparam, cast, exists, func, select
from sqlalchemy.sql.elements import ColumnElement

from db import models
from db.audit.events import BEFORE_ALL, settled
from db.audit.log import EventKind
from schema.filters.list_specs import OPPORTUNITIES
from schema.planner.fields.columns import argument, column, computed, sourced
from schema.planner.fields.relations import by_key, confined
from schema.planner.lists.filters import narrowed
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import Concatenation, Sql, constant, subquery
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity

_KINDS = f"{', '.join(EventKind)}. New kinds may come, so keep a branch for unknown ones."
_AFTER = (
    "The id of the last event you know: what happened since is told first, so nothing is missed. Unless sent,"
    " only what happens from now on is told."
)
_WHEN = "Told after the change is committed, each event once, in one order for all."


def event_id(row: Any) -> Sql:
    """Return the id of an event, from the columns of its row; ``db.audit.events.Place`` reads it."""
    return cast(row.transaction_id, Text) + "-" + cast(row.position, Text)


@planned_type
class OpportunityEvent:
    """Something happened to an opportunity or to a quote of it."""

    event_id: str = computed(event_id, "Send the last one as `after` when you subscribe again.")
    kind: str = column(models.Event.kind, f"What happened: {_KINDS}")
    at: datetime = column(models.Event.at, "When it happened.")
    opportunity: Opportunity = by_key(
        models.Event.opportunity_id, "The opportunity as it is now; later changes may be in it already."
    )


def _told(selection: Selection, _row: Any) -> Concatenation:
    """Return the object of the event whose position the server brings; NULL where a filter leaves it out."""
    event, within = confined(models.Event)
    is_brought = event.c.position == bindparam("position", type_=BigInteger())
    told = select(selection.object(event)).select_from(event).where(within, is_brought)
    if "filter" in selection.field.args:
        told = told.where(_meets_filter(selection, event))
    return Concatenation([subquery(told, of=None)])


def _meets_filter(selection: Selection, event: Any) -> ColumnElement[bool]:
    row, within = confined(models.Opportunity)
    meets = narrowed(selection.planner, OPPORTUNITIES.filter_name, selection.arguments["filter"], row)
    opportunity = select(row.c.id).where(within, row.c.id == event.c.opportunity_id, meets)
    return exists(opportunity.correlate(event))


@planned_type
class Subscription:
    """What can be listened to. Everything is confined to the caller's organization."""

    opportunity_changed: OpportunityEvent = sourced(
        _told,
        f"Every change of one opportunity and of its quotes. {_WHEN}",
        [argument("id", strawberry.ID, "Its id."), argument("after", str | None, _AFTER)],
    )
    opportunities_changed: OpportunityEvent = sourced(
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
    return sourced(_latest, description)


def _latest(_selection: Selection, _row: Any) -> Concatenation:
    event, within = confined(models.Event)
    in_order = event.c.transaction_id.desc(), event.c.position.desc()
    latest = select(event_id(event.c)).where(within, settled(event.c)).order_by(*in_order).limit(1)
    return Concatenation(['"', func.coalesce(subquery(latest, of=None), constant(str(BEFORE_ALL))), '"'])
