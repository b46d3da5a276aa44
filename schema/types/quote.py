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

_KIND = "What the line sells."
_BILLING = "How a project line is billed; null on a product line."
_LIMIT = "The most that may be billed; only on time and material."
_BUDGET = "What the customer has set aside for it."
_QUANTITY = "How many units or hours; at most two decimal places."
_LINE_TOTAL = "Quantity times unit price, rounded half up to two places."


@table_type(models.QuoteLine, "qln")
class QuoteLine(Node):
    """One line of a quote."""

    position: int = column(models.QuoteLine.position, "Its place on the quote, from 1.")
    kind: QuoteLineKind = column(models.QuoteLine.kind, _KIND)
    name: str = column(models.QuoteLine.name, "What is sold.")
    billing_method: BillingMethod | None = column(models.QuoteLine.billing_method, _BILLING)
    not_to_exceed: Money | None = money(lambda row: row.not_to_exceed, _LIMIT, optional=True)
    customer_budget: Money | None = money(lambda row: row.customer_budget, _BUDGET, optional=True)
    quantity: Decimal = column(models.QuoteLine.quantity, _QUANTITY)
    unit_price: Money = money(lambda row: row.unit_price, "The price of one unit.")
    total: Money = money(lambda row: row.total, _LINE_TOTAL)


@table_type(models.QuoteClose, "qcl")
class QuoteClose(Node):
    """The activity that records the closing of one quote."""

    reason: QuoteStatusReason = column(models.QuoteClose.reason, "Why it was closed.")
    closed_on: date = column(models.QuoteClose.closed_on, "The day of closing.")
    description: str | None = column(models.QuoteClose.description, "What was said about it.")
    closed_by: User = by_foreign_key(models.QuoteClose.closed_by_id, "Who closed it.")
    created_at: datetime = column(models.QuoteClose.created_at, "When the closing was recorded.")


@table_type(models.ProjectContractLine, "cln")
class ProjectContractLine(Node):
    """One line of a contract, as it stood on the won quote."""

    position: int = column(models.ProjectContractLine.position, "Its place on the contract, from 1.")
    kind: QuoteLineKind = column(models.ProjectContractLine.kind, _KIND)
    name: str = column(models.ProjectContractLine.name, "What is sold.")
    billing_method: BillingMethod | None = column(models.ProjectContractLine.billing_method, _BILLING)
    not_to_exceed: Money | None = money(lambda row: row.not_to_exceed, _LIMIT, optional=True)
    customer_budget: Money | None = money(lambda row: row.customer_budget, _BUDGET, optional=True)
    quantity: Decimal = column(models.ProjectContractLine.quantity, _QUANTITY)
    unit_price: Money = money(lambda row: row.unit_price, "The price of one unit.")
    total: Money = money(lambda row: row.total, _LINE_TOTAL)


@table_type(models.ProjectContract, "con")
class ProjectContract(Node):
    """The draft contract that winning a quote creates."""

    name: str = column(models.ProjectContract.name, "The contract's name.")
    state: ContractState = column(models.ProjectContract.state, "Where it stands.")
    total: Money = money(lambda row: row.total, "The total of the won quote.")
    opportunity: _Opportunity = by_foreign_key(
        models.ProjectContract.opportunity_id, "The opportunity it came from."
    )
    quote: Annotated["Quote", strawberry.lazy("schema.types.quote")] = by_foreign_key(
        models.ProjectContract.quote_id, "The quote that was won."
    )
    lines: Connection[ProjectContractLine] = connection(
        PROJECT_CONTRACT_LINES,
        "What is to be delivered.",
        lambda contract, row: row.project_contract_id == contract.id,
    )
    version: int = column(models.ProjectContract.version, "Grows with every change.")
    created_at: datetime = column(models.ProjectContract.created_at, "When it was created.")


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
    """The dry run of winning a quote: whether it can be won, what else is closed, what it would come to."""

    can_win: bool = computed(
        lambda row: and_(row.state == "ACTIVE", ~_is_opportunity_won(row)),
        "Whether `winQuote` would be allowed now: it is active and no quote of its opportunity is won.",
    )
    won_quote: _Quote | None = to_one(
        "The quote of the same opportunity that is won already; there can be only one.",
        lambda quote, row: and_(row.opportunity_id == quote.opportunity_id, row.state == "WON"),
    )
    quotes_to_close: Connection[_Quote] = connection(
        QUOTES,
        "The other active and draft quotes of the opportunity, which would be closed as lost.",
        lambda quote, row: and_(
            row.opportunity_id == quote.opportunity_id,
            row.id != quote.id,
            or_(row.state == "ACTIVE", row.state == "DRAFT"),
        ),
    )
    contract_total: Money = money(
        lambda row: row.total, "What the draft contract would come to: the quote's total."
    )


@table_type(models.Quote, "quo")
class Quote(Node):
    """A priced, numbered, revisioned offer on one opportunity."""

    number: str = column(models.Quote.number, "Shared by all revisions; never changes.")
    revision: int = column(models.Quote.revision, "0 for the first; number and revision are unique together.")
    name: str = column(models.Quote.name, "What is offered.")
    state: QuoteState = column(models.Quote.state, "Where it stands; an active quote blocks closing.")
    status_reason: QuoteStatusReason = column(models.Quote.status_reason, "Why it is in its state.")
    total: Money = money(lambda row: row.total, "The sum of its lines, in the opportunity's currency.")
    customer_budget: Money | None = money(
        _customer_budget, "What the customer has set aside for its lines; null if for none.", optional=True
    )
    is_over_budget: bool | None = computed(
        lambda row: row.total > _customer_budget(row),
        "Whether its total is above the customer's budget; null if there is none.",
    )
    effective_from: date | None = column(models.Quote.effective_from, "The first day the offer holds.")
    effective_to: date | None = column(models.Quote.effective_to, "The last day the offer holds.")
    is_expired: bool = computed(
        lambda row: func.coalesce(row.effective_to < TODAY, false()),
        "Whether the last day has passed (UTC). An expired active quote still blocks closing.",
    )
    opportunity: _Opportunity = by_foreign_key(
        models.Quote.opportunity_id, "The opportunity it is an offer on."
    )
    lines: Connection[QuoteLine] = connection(
        QUOTE_LINES, "What is offered, line by line.", lambda quote, row: row.quote_id == quote.id
    )
    close: QuoteClose | None = to_one(
        "The activity that closed it; null while it is a draft or active.",
        lambda quote, row: row.quote_id == quote.id,
    )
    project_contract: ProjectContract | None = to_one(
        "The contract that winning it created.", lambda quote, row: row.quote_id == quote.id
    )
    winning: QuoteWinningPreview = inline("What winning it would do; nothing is changed.")
    history: Connection[HistoryEntry] = connection(
        HISTORY,
        "Every change of this revision, newest first.",
        lambda quote, row: row.subject_id == quote.id,
    )
    version: int = column(models.Quote.version, "Grows with every change.")
    created_at: datetime = column(models.Quote.created_at, "When it was created.")
    updated_at: datetime = column(models.Quote.updated_at, "When it was last changed.")
