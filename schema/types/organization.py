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

_VERSION = "Incremented by every change. Send it as `expectedVersion` to be refused if it has changed."
_CREATED_AT = "The time of creation."


@table_type(models.Organization, "org")
class Organization(Node):
    """A company that uses the system. Everything else belongs to exactly one organization."""

    name: str = column(models.Organization.name, "The company's name.")
    version: int = column(models.Organization.version, _VERSION)
    created_at: datetime = column(models.Organization.created_at, _CREATED_AT)


@table_type(models.User, "usr")
class User(Node):
    """A user of the organization, who owns and closes opportunities."""

    name: str = column(models.User.name, "First and last name.")
    email: str = column(
        models.User.email,
        "The email address; unique in the organization. A user without a verified address has one in the"
        " domain `no-address.invalid`, which receives no mail.",
    )
    manager: Annotated["User", strawberry.lazy("schema.types.organization")] | None = by_foreign_key(
        models.User.manager_id, "The user that this user reports to."
    )
    opportunities: _Opportunities = connection(
        OPPORTUNITIES, "The opportunities that this user owns.", lambda user, row: row.owner_id == user.id
    )
    version: int = column(models.User.version, _VERSION)
    created_at: datetime = column(models.User.created_at, _CREATED_AT)


@table_type(models.ContractingUnit, "unit")
class ContractingUnit(Node):
    """A division of the organization that delivers projects."""

    name: str = column(models.ContractingUnit.name, "The division's name; unique in the organization.")
    currency_code: str = column(models.ContractingUnit.currency_code, "The currency (ISO 4217).")
    version: int = column(models.ContractingUnit.version, _VERSION)
    created_at: datetime = column(models.ContractingUnit.created_at, _CREATED_AT)


@table_type(models.Account, "acc")
class Account(Node):
    """A customer."""

    name: str = column(models.Account.name, "The company's name; unique in the organization.")
    industry: str | None = column(models.Account.industry, "The industry.")
    country: str | None = column(models.Account.country, "The country of the headquarters.")
    established: int | None = column(models.Account.established, "The year of foundation.")
    employees: int | None = column(models.Account.employees, "The number of employees.")
    annual_revenue: Decimal | None = column(
        models.Account.annual_revenue, "The annual revenue in millions of US dollars."
    )
    parent_account: Annotated["Account", strawberry.lazy("schema.types.organization")] | None = (
        by_foreign_key(models.Account.parent_account_id, "The company that this company belongs to.")
    )
    opportunities: _Opportunities = connection(
        OPPORTUNITIES,
        "The opportunities with this customer.",
        lambda account, row: row.account_id == account.id,
    )
    version: int = column(models.Account.version, _VERSION)
    created_at: datetime = column(models.Account.created_at, _CREATED_AT)


@table_type(models.Competitor, "cmp")
class Competitor(Node):
    """A company that an opportunity can be lost to."""

    name: str = column(models.Competitor.name, "The competitor's name; unique in the organization.")
    version: int = column(models.Competitor.version, _VERSION)
    created_at: datetime = column(models.Competitor.created_at, _CREATED_AT)


@table_type(models.StatusReason, "rsn")
class StatusReason(Node):
    """A reason for the state of an opportunity. Each organization has its own list of reasons."""

    state: OpportunityState = column(models.StatusReason.state, "The state that the reason belongs to.")
    label: str = column(models.StatusReason.label, "The text that users see; unique within its state.")
    code: int | None = column(
        models.StatusReason.code,
        "Dataverse's code; only the reasons that every organization starts with have one.",
    )
    description_required: bool = column(
        models.StatusReason.description_required, "Whether closing with this reason requires a description."
    )
    competitor_required: bool = column(
        models.StatusReason.competitor_required, "Whether closing with this reason requires a competitor."
    )
    is_retired: bool = computed(
        lambda row: row.retired_at.is_not(None),
        "Whether it can no longer be chosen. Earlier closings keep it.",
    )
    version: int = column(models.StatusReason.version, _VERSION)
    created_at: datetime = column(models.StatusReason.created_at, _CREATED_AT)


@planned_type
class Viewer:
    """The user who makes the request."""

    user: User = to_one("The user.", lambda _, row: row.id == USER_ID)
    organization: Organization = to_one("The user's organization.", lambda _, row: row.id == ORGANIZATION_ID)
