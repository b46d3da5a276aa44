"""The root type of queries."""

import strawberry
from sqlalchemy import Integer, func, select

from db import models
from schema.filters.list_specs import (
    ACCOUNTS,
    COMPETITORS,
    OPPORTUNITIES,
    QUOTES,
    STATUS_REASONS,
    USERS,
)
from schema.planner.errors import BadInput
from schema.planner.fields.columns import inline
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.relations import lookup, node, nodes
from schema.planner.plan.declarations import argument
from schema.planner.plan.parameters import ArgumentRef
from schema.planner.plan.scoped_tables import scoped_table
from schema.planner.sql.expressions import Columns, Condition
from schema.subscription import latest_event_id
from schema.types.analytics import DealGroup, deal_groups
from schema.types.node import Node, planned_type
from schema.types.opportunity import Opportunity
from schema.types.organization import Account, Competitor, StatusReason, User, Viewer
from schema.types.quote import Quote


def _has_number_and_revision(arguments: ArgumentRef, row: Columns) -> Condition:
    """Return whether a quote has the number and the revision, by default the latest one of the number."""
    number = arguments["number"]
    if not number:
        raise BadInput("Send the quote's id, or its number, with a revision or for the latest one.")
    matches = row.number == number.bind(row.number.type)
    if arguments["revision"]:
        return matches & (row.revision == arguments["revision"].bind(Integer()))
    other, is_in_scope = scoped_table(models.Quote)
    latest = select(func.max(other.c.revision)).where(is_in_scope, other.c.number == row.number)
    return matches & (row.revision == latest.scalar_subquery())


@planned_type
class Query:
    """What can be read, within the caller's organization."""

    viewer: Viewer = inline("The caller.")
    node: Node | None = node("Any object by its id; null if the caller may not see it or it does not exist.")
    nodes: list[Node | None] = nodes(
        "Any objects by their ids, in the order of the ids, with null for missing ones."
    )
    opportunity: Opportunity | None = lookup("One opportunity by its id.")
    opportunities: Connection[Opportunity] = connection(OPPORTUNITIES, "The pipeline, newest first.")
    quote: Quote | None = lookup(
        "One quote by its id, or by its number: the given revision, otherwise the latest.",
        [
            argument("id", strawberry.ID | None, "Its id."),
            argument("number", str | None, "Its number, instead of the id."),
            argument("revision", int | None, "Its revision, with a number."),
        ],
        _has_number_and_revision,
    )
    quotes: Connection[Quote] = connection(QUOTES, "Quotes across all opportunities, by number and revision.")
    accounts: Connection[Account] = connection(ACCOUNTS, "The customers, by name.")
    competitors: Connection[Competitor] = connection(
        COMPETITORS, "The competitors that opportunities can be lost to, by name."
    )
    status_reasons: Connection[StatusReason] = connection(
        STATUS_REASONS, "The status reasons of opportunities, by label; closing takes one of those."
    )
    users: Connection[User] = connection(USERS, "The users of the organization, by name.")
    deal_analytics: list[DealGroup] = deal_groups(
        "Opportunities in groups: their number, won and lost, with win rate and revenue. The largest groups"
        " come first; months run from the latest to the earliest."
    )
    latest_event_id: str = latest_event_id(
        "The id of the latest event. A subscription with this `after` delivers every change that this"
        " response does not show."
    )
