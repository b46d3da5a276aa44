"""Quotes, their lines, the activities that close them, and the contract that a won quote creates."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import and_, exists, false, func, or_, select

from db import models
from db.sql.column_types import Amount
from schema.filters.list_specs import HISTORY, PROJECT_CONTRACT_LINES, QUOTE_LINES, QUOTES
from schema.leaf_types.enums import (
    BillingMethod,
    ContractState,
    QuoteLineKind,
    QuoteState,
    QuoteStatusReason,
)
from schema.planner.fields.columns import column, computed, inline, money
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.relations import by_foreign_key, to_one
from schema.planner.plan.parameters import TODAY
from schema.planner.plan.scoped_tables import scoped_table
from schema.planner.sql.expressions import Columns, Condition, SqlExpression
from schema.types.history import HistoryEntry
from schema.types.node import Money, Node, planned_type, table_type
from schema.types.organization import User

if TYPE_CHECKING:
    from schema.types.opportunity import Opportunity

_Opportunity = Annotated["Opportunity", strawberry.lazy("schema.types.opportunity")]

_Quote = Annotated["Quote", strawberry.lazy("schema.types.quote")]


@planned_type
class _Line(Node):
    """The fields that lines of quotes and of contracts share."""

    position: int = computed(lambda row: row.position, "The position, starting at 1.")
    kind: QuoteLineKind = computed(lambda row: row.kind, "Whether the line sells project work or a product.")
    name: str = computed(lambda row: row.name, "The name of the work or product.")
    billing_method: BillingMethod | None = computed(
        lambda row: row.billing_method, "How a project line is billed; null for a product."
    )
    not_to_exceed: Money | None = money(
        lambda row: row.not_to_exceed,
        "The most that can be billed; only with billing by time and material.",
        optional=True,
    )
    customer_budget: Money | None = money(
        lambda row: row.customer_budget,
        "The amount that the customer has budgeted for the line.",
        optional=True,
    )
    quantity: Decimal = computed(
        lambda row: row.quantity, "The number of units or hours, with at most two decimal places."
    )
    unit_price: Money = money(lambda row: row.unit_price, "The price of one unit.")
    total: Money = money(
        lambda row: row.total, "Quantity times unit price, rounded half up to two decimal places."
    )


@table_type(models.QuoteLine, "qln")
class QuoteLine(_Line):
    """A line of a quote."""


@table_type(models.ProjectContractLine, "cln")
class ProjectContractLine(_Line):
    """A line of a contract, copied from the won quote."""


@table_type(models.QuoteClose, "qcl")
class QuoteClose(Node):
    """The activity that records the closing of a quote."""

    reason: QuoteStatusReason = column(models.QuoteClose.reason, "The reason for closing it.")
    closed_on: date = column(models.QuoteClose.closed_on, "The closing date.")
    description: str | None = column(models.QuoteClose.description, "The description given when closing.")
    closed_by: User = by_foreign_key(models.QuoteClose.closed_by_id, "The user who closed it.")
    created_at: datetime = column(models.QuoteClose.created_at, "The time at which the closing was recorded.")


@table_type(models.ProjectContract, "con")
class ProjectContract(Node):
    """The draft contract that is created when a quote is won."""

    name: str = column(models.ProjectContract.name, "The name.")
    state: ContractState = column(models.ProjectContract.state, "The state.")
    total: Money = money(lambda row: row.total, "The total of the won quote.")
    opportunity: _Opportunity = by_foreign_key(
        models.ProjectContract.opportunity_id, "The opportunity of the won quote."
    )
    quote: Annotated["Quote", strawberry.lazy("schema.types.quote")] = by_foreign_key(
        models.ProjectContract.quote_id, "The won quote."
    )
    lines: Connection[ProjectContractLine] = connection(
        PROJECT_CONTRACT_LINES,
        "The lines.",
        lambda contract, row: row.project_contract_id == contract.id,
    )
    version: int = column(models.ProjectContract.version, "Incremented by every change.")
    created_at: datetime = column(models.ProjectContract.created_at, "The time of creation.")


def _customer_budget(quote: Columns) -> SqlExpression:
    line, is_in_scope = scoped_table(models.QuoteLine)
    budget = select(func.sum(line.c.customer_budget, type_=Amount()))
    return budget.where(is_in_scope, line.c.quote_id == quote.id).scalar_subquery()


def _is_opportunity_won(quote: Columns) -> Condition:
    other, is_in_scope = scoped_table(models.Quote)
    is_won = other.c.state == "WON"
    return exists(
        select(other.c.id).where(is_in_scope, other.c.opportunity_id == quote.opportunity_id, is_won)
    )


@planned_type
class QuoteWinningPreview:
    """A preview of winning a quote: whether it is allowed, which quotes are closed, the contract's total."""

    can_win: bool = computed(
        lambda row: and_(row.state == "ACTIVE", ~_is_opportunity_won(row)),
        "Whether `winQuote` is allowed now: the quote is active and no quote of its opportunity is won.",
    )
    won_quote: _Quote | None = to_one(
        "The won quote of the opportunity; there is at most one.",
        lambda quote, row: and_(row.opportunity_id == quote.opportunity_id, row.state == "WON"),
    )
    quotes_to_close: Connection[_Quote] = connection(
        QUOTES,
        "The other active and draft quotes of the opportunity, which are closed as lost.",
        lambda quote, row: and_(
            row.opportunity_id == quote.opportunity_id,
            row.id != quote.id,
            or_(row.state == "ACTIVE", row.state == "DRAFT"),
        ),
    )
    contract_total: Money = money(
        lambda row: row.total, "The total of the draft contract, which is that of the quote."
    )


@table_type(models.Quote, "quo")
class Quote(Node):
    """An offer for an opportunity. It has a number, revisions and priced lines."""

    number: str = column(models.Quote.number, "The number. All revisions have the same; it never changes.")
    revision: int = column(
        models.Quote.revision, "The revision, starting at 0; number and revision together are unique."
    )
    name: str = column(models.Quote.name, "The name.")
    state: QuoteState = column(
        models.Quote.state, "The state. An active quote prevents closing the opportunity."
    )
    status_reason: QuoteStatusReason = column(models.Quote.status_reason, "The reason for the state.")
    total: Money = money(lambda row: row.total, "The sum of the lines, in the opportunity's currency.")
    customer_budget: Money | None = money(
        _customer_budget, "The sum of the lines' customer budgets; null if no line has one.", optional=True
    )
    is_over_budget: bool | None = computed(
        lambda row: row.total > _customer_budget(row),
        "Whether the total exceeds the customer's budget; null if there is no budget.",
    )
    effective_from: date | None = column(models.Quote.effective_from, "The first day of validity.")
    effective_to: date | None = column(models.Quote.effective_to, "The last day of validity.")
    is_expired: bool = computed(
        lambda row: func.coalesce(row.effective_to < TODAY, false()),
        "Whether the last day of validity has passed in UTC. An expired active quote still prevents closing.",
    )
    opportunity: _Opportunity = by_foreign_key(
        models.Quote.opportunity_id, "The opportunity that the quote belongs to."
    )
    lines: Connection[QuoteLine] = connection(
        QUOTE_LINES, "The lines.", lambda quote, row: row.quote_id == quote.id
    )
    close: QuoteClose | None = to_one(
        "The activity that records the closing; null while it is a draft or active.",
        lambda quote, row: row.quote_id == quote.id,
    )
    project_contract: ProjectContract | None = to_one(
        "The contract that was created when the quote was won.", lambda quote, row: row.quote_id == quote.id
    )
    winning: QuoteWinningPreview = inline("A preview of winning it. Nothing is changed.")
    history: Connection[HistoryEntry] = connection(
        HISTORY,
        "The changes of this revision, newest first.",
        lambda quote, row: row.subject_id == quote.id,
    )
    version: int = column(models.Quote.version, "Incremented by every change.")
    created_at: datetime = column(models.Quote.created_at, "The time of creation.")
    updated_at: datetime = column(models.Quote.updated_at, "The time of the last change.")
