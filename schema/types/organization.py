"""The organization and its master data: users, contracting units, accounts, competitors, status reasons."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from schema.filters.list_specs import OPPORTUNITIES
from schema.leaf_types.enums import OpportunityState
from schema.planner.fields.columns import column, computed
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.relations import by_foreign_key, to_one
from schema.planner.plan.parameters import ORGANIZATION_ID, USER_ID
from schema.types.node import Node, planned_type, table_type

if TYPE_CHECKING:
    from schema.types.opportunity import Opportunity

_Opportunities = Connection[Annotated["Opportunity", strawberry.lazy("schema.types.opportunity")]]

_VERSION = "Grows with every change; send it as `expectedVersion`."
_CREATED_AT = "When it was created."


@table_type(models.Organization, "org")
class Organization(Node):
    """The tenant: everything else belongs to exactly one."""

    name: str = column(models.Organization.name, "The company's name.")
    version: int = column(models.Organization.version, _VERSION)
    created_at: datetime = column(models.Organization.created_at, _CREATED_AT)


@table_type(models.User, "usr")
class User(Node):
    """Someone of the organization; owns opportunities and closes them."""

    name: str = column(models.User.name, "First and last name.")
    email: str = column(models.User.email, "The email address; unique in the organization.")
    manager: Annotated["User", strawberry.lazy("schema.types.organization")] | None = by_foreign_key(
        models.User.manager_id, "Whom this user reports to."
    )
    opportunities: _Opportunities = connection(
        OPPORTUNITIES, "The opportunities this user owns.", lambda user, row: row.owner_id == user.id
    )
    version: int = column(models.User.version, _VERSION)
    created_at: datetime = column(models.User.created_at, _CREATED_AT)


@table_type(models.ContractingUnit, "unit")
class ContractingUnit(Node):
    """The division that delivers the project."""

    name: str = column(models.ContractingUnit.name, "The division's name; unique in the organization.")
    currency_code: str = column(models.ContractingUnit.currency_code, "Its currency, ISO 4217.")
    version: int = column(models.ContractingUnit.version, _VERSION)
    created_at: datetime = column(models.ContractingUnit.created_at, _CREATED_AT)


@table_type(models.Account, "acc")
class Account(Node):
    """A customer."""

    name: str = column(models.Account.name, "The company's name; unique in the organization.")
    industry: str | None = column(models.Account.industry, "What business it is in.")
    country: str | None = column(models.Account.country, "Where its headquarters are.")
    established: int | None = column(models.Account.established, "The year it was established.")
    employees: int | None = column(models.Account.employees, "How many people it employs.")
    annual_revenue: Decimal | None = column(
        models.Account.annual_revenue, "Its revenue in a year, in millions of US dollars."
    )
    parent_account: Annotated["Account", strawberry.lazy("schema.types.organization")] | None = (
        by_foreign_key(models.Account.parent_account_id, "The company it belongs to.")
    )
    opportunities: _Opportunities = connection(
        OPPORTUNITIES, "The deals with this customer.", lambda account, row: row.account_id == account.id
    )
    version: int = column(models.Account.version, _VERSION)
    created_at: datetime = column(models.Account.created_at, _CREATED_AT)


@table_type(models.Competitor, "cmp")
class Competitor(Node):
    """Who a lost deal may have gone to."""

    name: str = column(models.Competitor.name, "The competitor's name; unique in the organization.")
    version: int = column(models.Competitor.version, _VERSION)
    created_at: datetime = column(models.Competitor.created_at, _CREATED_AT)


@table_type(models.StatusReason, "rsn")
class StatusReason(Node):
    """Why an opportunity is in its state. The organization owns the list."""

    state: OpportunityState = column(models.StatusReason.state, "The state that the reason belongs to.")
    label: str = column(models.StatusReason.label, "What people read; unique within its state.")
    code: int | None = column(
        models.StatusReason.code, "Dataverse's code; only the reasons that every organization starts with."
    )
    description_required: bool = column(
        models.StatusReason.description_required, "Whether closing with it needs a description."
    )
    competitor_required: bool = column(
        models.StatusReason.competitor_required, "Whether closing with it needs a competitor."
    )
    is_retired: bool = computed(
        lambda row: row.retired_at.is_not(None), "Whether it can no longer be chosen; old closings keep it."
    )
    version: int = column(models.StatusReason.version, _VERSION)
    created_at: datetime = column(models.StatusReason.created_at, _CREATED_AT)


@planned_type
class Viewer:
    """Who is asking."""

    user: User = to_one("The user.", lambda _, row: row.id == USER_ID)
    organization: Organization = to_one("The user's organization.", lambda _, row: row.id == ORGANIZATION_ID)
