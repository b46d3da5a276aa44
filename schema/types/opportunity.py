"""Opportunities, the activities that close them, and the dry run of closing one."""

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
    """The activity that records one closing of an opportunity; kept for ever."""

    opportunity: _Opportunity = by_foreign_key(
        models.OpportunityClose.opportunity_id, "The opportunity it closed."
    )
    state: ActivityState = column(
        models.OpportunityClose.state, "Whether it stands, or the opportunity was reopened since."
    )
    outcome: OpportunityState = column(models.OpportunityClose.outcome, "WON or LOST.")
    status_reason: StatusReason = by_foreign_key(models.OpportunityClose.status_reason_id, "Why.")
    actual_revenue: Money | None = money(
        lambda row: row.actual_revenue, "What the deal brought.", optional=True
    )
    closed_on: date = column(models.OpportunityClose.closed_on, "The day of closing.")
    competitor: Competitor | None = by_foreign_key(
        models.OpportunityClose.competitor_id, "Who the lost deal went to."
    )
    description: str | None = column(models.OpportunityClose.description, "What was said about it.")
    closed_by: User = by_foreign_key(models.OpportunityClose.closed_by_id, "Who closed it.")
    created_at: datetime = column(models.OpportunityClose.created_at, "When the closing was recorded.")


def _seeded_reason(code: SeededReason, outcome: OpportunityState) -> FieldDeclaration:
    return to_one(
        f"What `statusReasonId` falls back to; null where the organization has retired {code.name}.",
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
    """What closing as won falls back to where the input leaves something out."""

    status_reason: StatusReason | None = _seeded_reason(SeededReason.WON, OpportunityState.WON)
    closed_on: date = computed(lambda _: TODAY, "Today in UTC.")
    actual_revenue: Money = money(
        _revenue_of_won_quote, "The total of the won quote if there is one, else the estimated revenue."
    )


@planned_type
class LostDefaults:
    """What closing as lost falls back to where the input leaves something out; actual revenue has none."""

    status_reason: StatusReason | None = _seeded_reason(SeededReason.CANCELED, OpportunityState.LOST)
    status_reason_with_competitor: StatusReason | None = _seeded_reason(
        SeededReason.OUT_SOLD, OpportunityState.LOST
    )
    closed_on: date = computed(lambda _: TODAY, "Today in UTC.")


def _has_active_quote(opportunity: Columns) -> Condition:
    quote, is_in_scope = scoped_table(models.Quote)
    return exists(select(quote.c.id).where(is_in_scope, quote.c.active_parent == opportunity.id))


@planned_type
class OpportunityClosingPreview:
    """The dry run of closing an opportunity: whether it can be closed, what blocks it, and the defaults."""

    can_close: bool = computed(
        lambda row: and_(row.state == "OPEN", ~_has_active_quote(row)),
        "Whether `closeOpportunity` would be allowed now: it is open and none of its quotes is active.",
    )
    blocking_quotes: Connection[Quote] = connection(
        QUOTES,
        "The active quotes. Each blocks, even when it has expired.",
        lambda opportunity, row: row.active_parent == opportunity.id,
    )
    draft_quotes: Connection[Quote] = connection(
        QUOTES,
        "The drafts. They don't block, and stay drafts unless they are closed along.",
        lambda opportunity, row: and_(row.opportunity_id == opportunity.id, row.state == "DRAFT"),
    )
    won: WonDefaults = inline("The defaults of closing as won.")
    lost: LostDefaults = inline("The defaults of closing as lost.")


@table_type(models.Opportunity, "opp")
class Opportunity(Node):
    """A potential sale to one account. It is read-only once it is won or lost, until it is reopened."""

    name: str = column(models.Opportunity.name, "What the deal is about.")
    description: str | None = column(models.Opportunity.description, "More about the deal.")
    external_reference: str | None = column(
        models.Opportunity.external_reference,
        "The id that another system gave it; unique here.",
    )
    account: Account = by_foreign_key(models.Opportunity.account_id, "The customer.")
    owner: User = by_foreign_key(models.Opportunity.owner_id, "The account manager.")
    contracting_unit: ContractingUnit = by_foreign_key(
        models.Opportunity.contracting_unit_id, "The division that delivers the project."
    )
    state: OpportunityState = column(models.Opportunity.state, "Where it stands.")
    status_reason: StatusReason = by_foreign_key(
        models.Opportunity.status_reason_id, "Why it is in its state."
    )
    estimated_revenue: Money = money(lambda row: row.estimated_revenue, "What the deal is expected to bring.")
    estimated_close_date: date | None = column(
        models.Opportunity.estimated_close_date, "When the customer is expected to decide."
    )
    actual_revenue: Money | None = money(
        lambda row: row.actual_revenue, "What the deal brought; null while it is open.", optional=True
    )
    closed_on: date | None = column(
        models.Opportunity.closed_on, "The day it was closed; null while it is open."
    )
    close: OpportunityClose | None = by_foreign_key(
        models.Opportunity.close_id, "The activity that closed it; null while it is open."
    )
    closes: Connection[OpportunityClose] = connection(
        OPPORTUNITY_CLOSES,
        "Every closing, those before a reopening included; newest first.",
        lambda opportunity, row: row.opportunity_id == opportunity.id,
    )
    quotes: Connection[Quote] = connection(
        QUOTES, "The offers on it.", lambda opportunity, row: row.opportunity_id == opportunity.id
    )
    history: Connection[HistoryEntry] = connection(
        HISTORY,
        "Every change of it and of its quotes, newest first. What was imported begins without any.",
        lambda opportunity, row: row.opportunity_id == opportunity.id,
    )
    closing: OpportunityClosingPreview = inline("What closing it would meet; nothing is changed.")
    version: int = column(
        models.Opportunity.version, "Grows with every change; send it as `expectedVersion`."
    )
    created_at: datetime = column(models.Opportunity.created_at, "When it was created.")
    updated_at: datetime = column(models.Opportunity.updated_at, "When it was last changed.")
