"""How each list can be filtered and sorted: its filter, the fields to sort by, and the default order."""

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

_BY_CODE_POINT = "by code points; the case of A to Z, and only of these, does not matter."
_NAME = f"The name, {_BY_CODE_POINT}"
_CREATED_AT = "The time of creation."
_UPDATED_AT = "The time of the last change."
_CLOSED_ON = "The closing date."
_POSITION = "The position."
_TOTAL = "The total as a number, without regard to its currency."


@filter_input
class OpportunityFilter:
    """Filters a list of opportunities. All conditions must hold."""

    id: IDFilter | None = compares(models.Opportunity.id, "By id.", references=models.Opportunity)
    name: StringFilter | None = compares(models.Opportunity.name, "By name.")
    external_reference: StringFilter | None = compares(
        models.Opportunity.external_reference, "By its id in another system."
    )
    state: OpportunityStateFilter | None = compares(models.Opportunity.state, "By state.")
    status_reason_id: IDFilter | None = compares(
        models.Opportunity.status_reason_id, "By status reason.", references=models.StatusReason
    )
    account_id: IDFilter | None = compares(
        models.Opportunity.account_id, "By account.", references=models.Account
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
    closed_on: DateFilter | None = compares(models.Opportunity.closed_on, "By closing date.")
    created_at: DateTimeFilter | None = compares(models.Opportunity.created_at, "By time of creation.")
    updated_at: DateTimeFilter | None = compares(models.Opportunity.updated_at, "By time of the last change.")


OPPORTUNITIES = list_spec(
    "Opportunity",
    OpportunityFilter,
    {
        "NAME": _NAME,
        "CREATED_AT": _CREATED_AT,
        "UPDATED_AT": _UPDATED_AT,
        "ESTIMATED_CLOSE_DATE": "The estimated close date.",
        "ESTIMATED_REVENUE": "The estimated revenue as a number, without regard to its currency.",
        "CLOSED_ON": _CLOSED_ON,
        "ACTUAL_REVENUE": "The actual revenue as a number, without regard to its currency.",
    },
    default=[("CREATED_AT", OrderDirection.DESC)],
)


@filter_input
class OpportunityCloseFilter:
    """Filters the closings of an opportunity. All conditions must hold."""

    state: ActivityStateFilter | None = compares(models.OpportunityClose.state, "By state.")
    closed_on: DateFilter | None = compares(models.OpportunityClose.closed_on, "By closing date.")


OPPORTUNITY_CLOSES = list_spec(
    "OpportunityClose",
    OpportunityCloseFilter,
    {"CREATED_AT": "The time of recording.", "CLOSED_ON": _CLOSED_ON},
    default=[("CREATED_AT", OrderDirection.DESC)],
)


@filter_input
class QuoteFilter:
    """Filters a list of quotes. All conditions must hold."""

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
    effective_from: DateFilter | None = compares(models.Quote.effective_from, "By first day of validity.")
    effective_to: DateFilter | None = compares(models.Quote.effective_to, "By last day of validity.")
    created_at: DateTimeFilter | None = compares(models.Quote.created_at, "By time of creation.")
    updated_at: DateTimeFilter | None = compares(models.Quote.updated_at, "By time of the last change.")


QUOTES = list_spec(
    "Quote",
    QuoteFilter,
    {
        "NUMBER": "The number, then the revision.",
        "NAME": _NAME,
        "TOTAL": _TOTAL,
        "EFFECTIVE_TO": "The last day of validity.",
        "CREATED_AT": _CREATED_AT,
        "UPDATED_AT": _UPDATED_AT,
    },
    default=[("NUMBER", OrderDirection.ASC)],
    columns={"NUMBER": ("number", "revision")},
    unique=("number", "revision"),
)


@filter_input
class QuoteLineFilter:
    """Filters the lines of a quote. All conditions must hold."""

    kind: QuoteLineKindFilter | None = compares(models.QuoteLine.kind, "By kind.")
    name: StringFilter | None = compares(models.QuoteLine.name, "By name.")


QUOTE_LINES = list_spec(
    "QuoteLine",
    QuoteLineFilter,
    {"POSITION": _POSITION, "TOTAL": _TOTAL},
    default=[("POSITION", OrderDirection.ASC)],
    unique=("position",),  # lines are listed only within their quote
)


@filter_input
class ProjectContractLineFilter:
    """Filters the lines of a contract. All conditions must hold."""

    kind: QuoteLineKindFilter | None = compares(models.ProjectContractLine.kind, "By kind.")
    name: StringFilter | None = compares(models.ProjectContractLine.name, "By name.")


PROJECT_CONTRACT_LINES = list_spec(
    "ProjectContractLine",
    ProjectContractLineFilter,
    {"POSITION": _POSITION, "TOTAL": _TOTAL},
    default=[("POSITION", OrderDirection.ASC)],
    unique=("position",),  # lines are listed only within their contract
)


@filter_input
class HistoryEntryFilter:
    """Filters a history. All conditions must hold."""

    action: StringFilter | None = compares(models.Audit.action, "By action.")
    user_id: IDFilter | None = compares(
        models.Audit.user_id, "By the user who made the change.", references=models.User
    )
    at: DateTimeFilter | None = compares(models.Audit.at, "By time of the change.")


HISTORY = list_spec(
    "HistoryEntry",
    HistoryEntryFilter,
    {"AT": "The order in which the changes were made."},
    default=[("AT", OrderDirection.DESC)],
    columns={"AT": ("id",)},
)


@filter_input
class AccountFilter:
    """Filters a list of accounts. All conditions must hold."""

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
    {"NAME": _NAME, "CREATED_AT": _CREATED_AT},
    default=[("NAME", OrderDirection.ASC)],
)


@filter_input
class CompetitorFilter:
    """Filters a list of competitors. All conditions must hold."""

    id: IDFilter | None = compares(models.Competitor.id, "By id.", references=models.Competitor)
    name: StringFilter | None = compares(models.Competitor.name, "By name.")


COMPETITORS = list_spec(
    "Competitor",
    CompetitorFilter,
    {"NAME": _NAME, "CREATED_AT": _CREATED_AT},
    default=[("NAME", OrderDirection.ASC)],
)


@filter_input
class StatusReasonFilter:
    """Filters a list of status reasons. All conditions must hold."""

    id: IDFilter | None = compares(models.StatusReason.id, "By id.", references=models.StatusReason)
    state: OpportunityStateFilter | None = compares(
        models.StatusReason.state, "By the state that the reason belongs to."
    )
    label: StringFilter | None = compares(models.StatusReason.label, "By label.")
    code: IntFilter | None = compares(models.StatusReason.code, "By Dataverse's code.")
    is_retired: BooleanFilter | None = compares(
        lambda row: row.retired_at.is_not(None), "By whether it is retired: no longer offered for closing."
    )


STATUS_REASONS = list_spec(
    "StatusReason",
    StatusReasonFilter,
    {"LABEL": f"The label, {_BY_CODE_POINT}", "CREATED_AT": _CREATED_AT},
    default=[("LABEL", OrderDirection.ASC)],
)


@filter_input
class UserFilter:
    """Filters a list of users. All conditions must hold."""

    id: IDFilter | None = compares(models.User.id, "By id.", references=models.User)
    name: StringFilter | None = compares(models.User.name, "By name.")
    email: StringFilter | None = compares(models.User.email, "By email address.")
    manager_id: IDFilter | None = compares(models.User.manager_id, "By manager.", references=models.User)


USERS = list_spec(
    "User",
    UserFilter,
    {"NAME": _NAME, "CREATED_AT": _CREATED_AT},
    default=[("NAME", OrderDirection.ASC)],
)
