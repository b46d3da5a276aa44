"""Opportunities, the activities that close them, and the preview of closing one."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from sqlalchemy import and_, exists, func, select

from db import models
from db.domain.enums import SeededReason
from schema.filters.list_specs import HISTORY, OPPORTUNITY_CLOSES, QUOTES
from schema.leaf_types.enums import ActivityState, OpportunityState
from schema.planner.fields.columns import column, computed, inline, money
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.relations import by_foreign_key, to_one
from schema.planner.plan.declarations import FieldDeclaration
from schema.planner.plan.parameters import TODAY
from schema.planner.plan.scoped_tables import scoped_table
from schema.planner.sql.expressions import Columns, Condition, SqlExpression
from schema.types.history import HistoryEntry
from schema.types.node import Money, Node, planned_type, table_type
from schema.types.organization import Account, Competitor, ContractingUnit, StatusReason, User
from schema.types.quote import Quote

_Opportunity = Annotated["Opportunity", strawberry.lazy("schema.types.opportunity")]


@table_type(models.OpportunityClose, "ocl")
class OpportunityClose(Node):
    """The activity that records one closing of an opportunity. It is never deleted."""

    opportunity: _Opportunity = by_foreign_key(
        models.OpportunityClose.opportunity_id, "The opportunity that was closed."
    )
    state: ActivityState = column(
        models.OpportunityClose.state,
        "Whether the closing is in force, or was canceled by reopening the opportunity.",
    )
    outcome: OpportunityState = column(models.OpportunityClose.outcome, "WON or LOST.")
    status_reason: StatusReason = by_foreign_key(
        models.OpportunityClose.status_reason_id, "The reason for the outcome."
    )
    actual_revenue: Money | None = money(
        lambda row: row.actual_revenue,
        "The actual revenue; null by default if the opportunity is lost.",
        optional=True,
    )
    closed_on: date = column(models.OpportunityClose.closed_on, "The closing date.")
    competitor: Competitor | None = by_foreign_key(
        models.OpportunityClose.competitor_id, "The competitor that the opportunity was lost to."
    )
    description: str | None = column(
        models.OpportunityClose.description, "The description given when closing."
    )
    closed_by: User = by_foreign_key(models.OpportunityClose.closed_by_id, "The user who closed it.")
    created_at: datetime = column(
        models.OpportunityClose.created_at, "The time at which the closing was recorded."
    )


def _seeded_reason(code: SeededReason, outcome: OpportunityState) -> FieldDeclaration:
    return to_one(
        f"The default of `statusReasonId`: {code.name}; null if the organization has retired it, so that one"
        " has to be sent.",
        lambda _, row: and_(row.code == int(code), row.state == outcome, row.retired_at.is_(None)),
    )


def _revenue_of_won_quote(opportunity: Columns) -> SqlExpression:
    quote, is_in_scope = scoped_table(models.Quote)
    is_won = quote.c.state == "WON"
    total = select(quote.c.total).where(is_in_scope, quote.c.opportunity_id == opportunity.id, is_won)
    estimate = opportunity.estimated_revenue
    return func.coalesce(total.scalar_subquery(), estimate, type_=estimate.type)


@planned_type
class WonDefaults:
    """The defaults for closing an opportunity as won."""

    status_reason: StatusReason | None = _seeded_reason(SeededReason.WON, OpportunityState.WON)
    closed_on: date = computed(lambda _: TODAY, "The current date in UTC.")
    actual_revenue: Money = money(
        _revenue_of_won_quote, "The total of the won quote, or the estimated revenue if no quote is won."
    )


@planned_type
class LostDefaults:
    """The defaults for closing an opportunity as lost. The actual revenue has no default."""

    status_reason: StatusReason | None = _seeded_reason(SeededReason.CANCELED, OpportunityState.LOST)
    status_reason_with_competitor: StatusReason | None = _seeded_reason(
        SeededReason.OUT_SOLD, OpportunityState.LOST
    )
    closed_on: date = computed(lambda _: TODAY, "The current date in UTC.")


def _has_active_quote(opportunity: Columns) -> Condition:
    quote, is_in_scope = scoped_table(models.Quote)
    return exists(select(quote.c.id).where(is_in_scope, quote.c.active_parent == opportunity.id))


@planned_type
class OpportunityClosingPreview:
    """A preview of closing an opportunity: whether it is allowed, what prevents it, and the defaults."""

    can_close: bool = computed(
        lambda row: and_(row.state == "OPEN", ~_has_active_quote(row)),
        "Whether `closeOpportunity` is allowed now: it is open and none of its quotes is active. Where a"
        " default of `won` or `lost` is null, `statusReasonId` has to be sent; where a reason requires them,"
        " a `description` and a `competitorId`.",
    )
    blocking_quotes: Connection[Quote] = connection(
        QUOTES,
        "The active quotes. Each prevents closing, even after it has expired.",
        lambda opportunity, row: row.active_parent == opportunity.id,
    )
    draft_quotes: Connection[Quote] = connection(
        QUOTES,
        "The drafts. They do not prevent closing, and stay drafts unless `closeOpportunity` closes them too.",
        lambda opportunity, row: and_(row.opportunity_id == opportunity.id, row.state == "DRAFT"),
    )
    won: WonDefaults = inline("The defaults for closing as won.")
    lost: LostDefaults = inline("The defaults for closing as lost.")


@table_type(models.Opportunity, "opp")
class Opportunity(Node):
    """A potential sale to one account. A won or lost opportunity is read-only until it is reopened."""

    name: str = column(models.Opportunity.name, "The name.")
    description: str | None = column(models.Opportunity.description, "The description.")
    external_reference: str | None = column(
        models.Opportunity.external_reference,
        "The id in another system; unique in the organization.",
    )
    account: Account = by_foreign_key(models.Opportunity.account_id, "The customer.")
    owner: User = by_foreign_key(models.Opportunity.owner_id, "The account manager.")
    contracting_unit: ContractingUnit = by_foreign_key(
        models.Opportunity.contracting_unit_id, "The division that delivers the project."
    )
    state: OpportunityState = column(models.Opportunity.state, "The state.")
    status_reason: StatusReason = by_foreign_key(
        models.Opportunity.status_reason_id, "The reason for the state."
    )
    estimated_revenue: Money = money(lambda row: row.estimated_revenue, "The expected revenue.")
    estimated_close_date: date | None = column(
        models.Opportunity.estimated_close_date, "The date on which the customer is expected to decide."
    )
    actual_revenue: Money | None = money(
        lambda row: row.actual_revenue,
        "The actual revenue; null while it is open, and by default if it is lost.",
        optional=True,
    )
    closed_on: date | None = column(models.Opportunity.closed_on, "The closing date; null while it is open.")
    close: OpportunityClose | None = by_foreign_key(
        models.Opportunity.close_id, "The activity that records the closing; null while it is open."
    )
    closes: Connection[OpportunityClose] = connection(
        OPPORTUNITY_CLOSES,
        "All closings, newest first, with those that reopening has canceled.",
        lambda opportunity, row: row.opportunity_id == opportunity.id,
    )
    quotes: Connection[Quote] = connection(
        QUOTES, "The quotes for it.", lambda opportunity, row: row.opportunity_id == opportunity.id
    )
    history: Connection[HistoryEntry] = connection(
        HISTORY,
        "The changes of it and of its quotes, newest first. For imported data it is reconstructed: as made"
        " by the owner, with quotes activated when they were created.",
        lambda opportunity, row: row.opportunity_id == opportunity.id,
    )
    closing: OpportunityClosingPreview = inline("A preview of closing it. Nothing is changed.")
    version: int = column(
        models.Opportunity.version,
        "Incremented by every change. Send it as `expectedVersion` to be refused if it has changed.",
    )
    created_at: datetime = column(models.Opportunity.created_at, "The time of creation.")
    updated_at: datetime = column(models.Opportunity.updated_at, "The time of the last change.")
