"""How each list may be narrowed and sorted: its filter, what it is sorted by, and its default order."""

from db import models
from schema.filters.comparators import (
    ActivityStateFilter,
    BooleanFilter,
    DateFilter,
    DateTimeFilter,
    DecimalFilter,
    IDFilter,
    IntFilter,
    OpportunityStateFilter,
    QuoteLineKindFilter,
    QuoteStateFilter,
    QuoteStatusReasonFilter,
    StringFilter,
)
from schema.filters.order_inputs import list_spec
from schema.planner.lists.filters import compares, filter_input
from schema.planner.lists.ordering import OrderDirection

_NAME = "The name; letter case doesn't count."


@filter_input
class OpportunityFilter:
    """Narrows a list of opportunities; everything that is sent must hold."""

    id: IDFilter | None = compares(models.Opportunity.id, "By id.", references=models.Opportunity)
    name: StringFilter | None = compares(models.Opportunity.name, "By name.")
    external_reference: StringFilter | None = compares(
        models.Opportunity.external_reference, "By the id that another system gave it."
    )
    state: OpportunityStateFilter | None = compares(models.Opportunity.state, "By state.")
    status_reason_id: IDFilter | None = compares(
        models.Opportunity.status_reason_id, "By status reason.", references=models.StatusReason
    )
    account_id: IDFilter | None = compares(
        models.Opportunity.account_id, "By customer.", references=models.Account
    )
    owner_id: IDFilter | None = compares(models.Opportunity.owner_id, "By owner.", references=models.User)
    contracting_unit_id: IDFilter | None = compares(
        models.Opportunity.contracting_unit_id, "By contracting unit.", references=models.ContractingUnit
    )
    currency_code: StringFilter | None = compares(models.Opportunity.currency_code, "By currency.")
    estimated_revenue: DecimalFilter | None = compares(
        models.Opportunity.estimated_revenue, "By estimated revenue."
    )
    estimated_close_date: DateFilter | None = compares(
        models.Opportunity.estimated_close_date, "By estimated close date."
    )
    actual_revenue: DecimalFilter | None = compares(models.Opportunity.actual_revenue, "By actual revenue.")
    closed_on: DateFilter | None = compares(models.Opportunity.closed_on, "By the day of closing.")
    created_at: DateTimeFilter | None = compares(models.Opportunity.created_at, "By creation.")
    updated_at: DateTimeFilter | None = compares(models.Opportunity.updated_at, "By last change.")


OPPORTUNITIES = list_spec(
    "Opportunity",
    OpportunityFilter,
    {
        "NAME": _NAME,
        "CREATED_AT": "When it was created.",
        "UPDATED_AT": "When it was last changed.",
        "ESTIMATED_CLOSE_DATE": "The estimated close date.",
        "ESTIMATED_REVENUE": "The estimated revenue, whatever its currency.",
        "CLOSED_ON": "The day of closing.",
        "ACTUAL_REVENUE": "The actual revenue, whatever its currency.",
    },
    default=[("CREATED_AT", OrderDirection.DESC)],
)


@filter_input
class OpportunityCloseFilter:
    """Narrows the closings of an opportunity; everything that is sent must hold."""

    state: ActivityStateFilter | None = compares(models.OpportunityClose.state, "By whether it stands.")
    closed_on: DateFilter | None = compares(models.OpportunityClose.closed_on, "By the day of closing.")


OPPORTUNITY_CLOSES = list_spec(
    "OpportunityClose",
    OpportunityCloseFilter,
    {"CREATED_AT": "When it was recorded.", "CLOSED_ON": "The day of closing."},
    default=[("CREATED_AT", OrderDirection.DESC)],
)


@filter_input
class QuoteFilter:
    """Narrows a list of quotes; everything that is sent must hold."""

    id: IDFilter | None = compares(models.Quote.id, "By id.", references=models.Quote)
    number: StringFilter | None = compares(models.Quote.number, "By number.")
    revision: IntFilter | None = compares(models.Quote.revision, "By revision.")
    name: StringFilter | None = compares(models.Quote.name, "By name.")
    state: QuoteStateFilter | None = compares(models.Quote.state, "By state.")
    status_reason: QuoteStatusReasonFilter | None = compares(models.Quote.status_reason, "By status reason.")
    opportunity_id: IDFilter | None = compares(
        models.Quote.opportunity_id, "By opportunity.", references=models.Opportunity
    )
    total: DecimalFilter | None = compares(models.Quote.total, "By total.")
    effective_from: DateFilter | None = compares(models.Quote.effective_from, "By the first day it holds.")
    effective_to: DateFilter | None = compares(models.Quote.effective_to, "By the last day it holds.")
    created_at: DateTimeFilter | None = compares(models.Quote.created_at, "By creation.")
    updated_at: DateTimeFilter | None = compares(models.Quote.updated_at, "By last change.")


QUOTES = list_spec(
    "Quote",
    QuoteFilter,
    {
        "NUMBER": "The number, then the revision.",
        "NAME": _NAME,
        "TOTAL": "The total, whatever its currency.",
        "EFFECTIVE_TO": "The last day it holds.",
        "CREATED_AT": "When it was created.",
        "UPDATED_AT": "When it was last changed.",
    },
    default=[("NUMBER", OrderDirection.ASC)],
    columns={"NUMBER": ("number", "revision")},
    unique=("number", "revision"),
)


@filter_input
class QuoteLineFilter:
    """Narrows the lines of a quote; everything that is sent must hold."""

    kind: QuoteLineKindFilter | None = compares(models.QuoteLine.kind, "By what it sells.")
    name: StringFilter | None = compares(models.QuoteLine.name, "By name.")


QUOTE_LINES = list_spec(
    "QuoteLine",
    QuoteLineFilter,
    {"POSITION": "Its place on the quote.", "TOTAL": "Its total."},
    default=[("POSITION", OrderDirection.ASC)],
    unique=("position",),  # lines are listed below their quote alone
)


@filter_input
class ProjectContractLineFilter:
    """Narrows the lines of a contract; everything that is sent must hold."""

    kind: QuoteLineKindFilter | None = compares(models.ProjectContractLine.kind, "By what it sells.")
    name: StringFilter | None = compares(models.ProjectContractLine.name, "By name.")


PROJECT_CONTRACT_LINES = list_spec(
    "ProjectContractLine",
    ProjectContractLineFilter,
    {"POSITION": "Its place on the contract.", "TOTAL": "Its total."},
    default=[("POSITION", OrderDirection.ASC)],
    unique=("position",),  # lines are listed below their contract alone
)


@filter_input
class HistoryEntryFilter:
    """Narrows a history; everything that is sent must hold."""

    action: StringFilter | None = compares(models.Audit.action, "By what was done.")
    user_id: IDFilter | None = compares(models.Audit.user_id, "By who did it.", references=models.User)
    at: DateTimeFilter | None = compares(models.Audit.at, "By when.")


HISTORY = list_spec(
    "HistoryEntry",
    HistoryEntryFilter,
    {"AT": "In the order in which the changes were made."},
    default=[("AT", OrderDirection.DESC)],
    columns={"AT": ("id",)},
)


@filter_input
class AccountFilter:
    """Narrows a list of accounts; everything that is sent must hold."""

    id: IDFilter | None = compares(models.Account.id, "By id.", references=models.Account)
    name: StringFilter | None = compares(models.Account.name, "By name.")
    industry: StringFilter | None = compares(models.Account.industry, "By industry.")
    country: StringFilter | None = compares(models.Account.country, "By country.")
    parent_account_id: IDFilter | None = compares(
        models.Account.parent_account_id, "By parent account.", references=models.Account
    )


ACCOUNTS = list_spec(
    "Account",
    AccountFilter,
    {"NAME": _NAME, "CREATED_AT": "When it was created."},
    default=[("NAME", OrderDirection.ASC)],
)


@filter_input
class CompetitorFilter:
    """Narrows a list of competitors; everything that is sent must hold."""

    id: IDFilter | None = compares(models.Competitor.id, "By id.", references=models.Competitor)
    name: StringFilter | None = compares(models.Competitor.name, "By name.")


COMPETITORS = list_spec(
    "Competitor",
    CompetitorFilter,
    {"NAME": _NAME, "CREATED_AT": "When it was created."},
    default=[("NAME", OrderDirection.ASC)],
)


@filter_input
class StatusReasonFilter:
    """Narrows a list of status reasons; everything that is sent must hold."""

    id: IDFilter | None = compares(models.StatusReason.id, "By id.", references=models.StatusReason)
    state: OpportunityStateFilter | None = compares(models.StatusReason.state, "By the state it belongs to.")
    label: StringFilter | None = compares(models.StatusReason.label, "By label.")
    code: IntFilter | None = compares(models.StatusReason.code, "By Dataverse's code.")
    is_retired: BooleanFilter | None = compares(
        lambda row: row.retired_at.is_not(None), "By whether it may still be chosen."
    )


STATUS_REASONS = list_spec(
    "StatusReason",
    StatusReasonFilter,
    {"LABEL": "The label; letter case doesn't count.", "CREATED_AT": "When it was created."},
    default=[("LABEL", OrderDirection.ASC)],
)


@filter_input
class UserFilter:
    """Narrows a list of users; everything that is sent must hold."""

    id: IDFilter | None = compares(models.User.id, "By id.", references=models.User)
    name: StringFilter | None = compares(models.User.name, "By name.")
    email: StringFilter | None = compares(models.User.email, "By email address.")
    manager_id: IDFilter | None = compares(models.User.manager_id, "By manager.", references=models.User)


USERS = list_spec(
    "User",
    UserFilter,
    {"NAME": _NAME, "CREATED_AT": "When it was created."},
    default=[("NAME", OrderDirection.ASC)],
)
