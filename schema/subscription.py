"""The root type of subscriptions, and the type of their events."""

from datetime import datetime

import strawberry
from sqlalchemy import BigInteger, FromClause, Text, bindparam, cast, exists, func, select

from db import models
from db.audit.events import START, is_visible
from db.audit.log import EventKind
from schema.filters.list_specs import OPPORTUNITIES
from schema.planner.fields.columns import column, computed
from schema.planner.fields.relations import by_foreign_key
from schema.planner.lists.filters import filter_condition
from schema.planner.plan.declarations import FieldDeclaration, argument, planned_field
from schema.planner.plan.planner import Selection
from schema.planner.plan.scoped_tables import scoped_table
from schema.planner.sql.expressions import (
    Columns,
    Condition,
    JsonText,
    SqlExpression,
    scalar_subquery,
    string_literal,
)
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity

_KINDS = f"{', '.join(EventKind)}. New kinds may come, so keep a branch for unknown ones."
_AFTER = (
    "The id of the last event that you received: later ones are delivered first, so none is missed. If left"
    " out, only new events are delivered."
)
_WHEN = "Delivered after the change is committed: each event once, in the same order for all."


def event_id(row: Columns) -> SqlExpression:
    """Return the id of an event's row; ``db.audit.events.EventPosition`` parses it."""
    return cast(row.transaction_id, Text) + "-" + cast(row.position, Text)


@planned_type
class OpportunityEvent:
    """A change of an opportunity or of one of its quotes."""

    event_id: str = computed(event_id, "Send the last one as `after` when you subscribe again.")
    kind: str = column(models.Event.kind, f"What happened: {_KINDS}")
    at: datetime = column(models.Event.at, "When it happened.")
    opportunity: Opportunity = by_foreign_key(
        models.Event.opportunity_id, "The opportunity as it is now; it may already show later changes."
    )


def _event(selection: Selection, row: FromClause) -> JsonText:
    """Return the object of the event at the parameter ``position``; NULL if the filter excludes it."""
    event, is_in_scope = scoped_table(models.Event)
    is_at_position = event.c.position == bindparam("position", type_=BigInteger())
    found = select(selection.json_object(event)).select_from(event).where(is_in_scope, is_at_position)
    if "filter" in selection.field.args:
        found = found.where(_meets_filter(selection, event))
    return JsonText([scalar_subquery(found, outer=row)])


def _meets_filter(selection: Selection, event: FromClause) -> Condition:
    row, is_in_scope = scoped_table(models.Opportunity)
    condition = filter_condition(
        selection.planner, OPPORTUNITIES.filter_name, selection.arguments["filter"], row
    )
    return exists(select(row.c.id).where(is_in_scope, row.c.id == event.c.opportunity_id, condition))


@planned_type
class Subscription:
    """What can be subscribed to, within the caller's organization."""

    opportunity_changed: OpportunityEvent = planned_field(
        _event,
        f"Every change of one opportunity and of its quotes. {_WHEN}",
        [argument("id", strawberry.ID, "Its id."), argument("after", str | None, _AFTER)],
    )
    opportunities_changed: OpportunityEvent = planned_field(
        _event,
        f"Every change of opportunities and of their quotes. {_WHEN}",
        [
            argument(
                "filter",
                OPPORTUNITIES.filter | None,
                "Only opportunities that meet the filter when the event is delivered; so the event that takes"
                " an opportunity out of the filter is not delivered.",
            ),
            argument("after", str | None, _AFTER),
        ],
    )


def latest_event_id(description: str) -> FieldDeclaration:
    """Declare the field with the id of the latest event."""
    return planned_field(_latest_event_id, description)


def _latest_event_id(_selection: Selection, row: FromClause) -> JsonText:
    event, is_in_scope = scoped_table(models.Event)
    latest = (
        select(event_id(event.c))
        .where(is_in_scope, is_visible(event.c.transaction_id))
        .order_by(event.c.transaction_id.desc(), event.c.position.desc())
        .limit(1)
    )
    return JsonText(['"', func.coalesce(scalar_subquery(latest, outer=row), string_literal(str(START))), '"'])
