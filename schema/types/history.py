"""The history of opportunities, quotes and contracts, read from the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import FromClause, case, func
from sqlmodel import SQLModel

from db import models
from db.audit.log import AuditAction
from schema.planner.fields.columns import column, computed
from schema.planner.fields.json_changes import After, Before, TextAsId, changes
from schema.planner.fields.relations import by_foreign_key, object_by_global_id
from schema.planner.plan.declarations import planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import (
    DialectExpression,
    JsonString,
    JsonText,
    SqlExpression,
    json_or_null,
    string_literal,
)
from schema.types.node import Node, implementing_type, planned_type, table_interface
from schema.types.organization import User

if TYPE_CHECKING:
    from schema.types.opportunity import Opportunity
    from schema.types.quote import ProjectContract, Quote

_OPPORTUNITY, _QUOTE, _CONTRACT = "OPPORTUNITY_", "QUOTE_", "PROJECT_CONTRACT_"
_ACTIONS = ", ".join(action for action in AuditAction if action.startswith((_OPPORTUNITY, _QUOTE, _CONTRACT)))

_REFERENCES: Mapping[str, type[SQLModel]] = {
    "accountId": models.Account,
    "closeId": models.OpportunityClose,
    "competitorId": models.Competitor,
    "contractingUnitId": models.ContractingUnit,
    "opportunityId": models.Opportunity,
    "ownerId": models.User,
    "quoteId": models.Quote,
    "statusReasonId": models.StatusReason,
}


def _prefix(selection: Selection, member: FromClause) -> SqlExpression:
    """Return the prefix of the ids that the changed field holds; NULL if it holds no id."""
    prefix = selection.planner.catalog.prefix
    return case(
        *(
            (member.c.key == string_literal(name), string_literal(prefix(model)))
            for name, model in _REFERENCES.items()
        )
    )


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of a change as text; an id is shown as a global id."""

    side: type[DialectExpression]

    def __call__(self, selection: Selection, member: FromClause) -> JsonText:
        text = self.side(member.c.value)
        global_id = JsonText([_prefix(selection, member), "_", text])
        return json_or_null(JsonString(func.coalesce(global_id, text)))


@dataclass(frozen=True, slots=True)
class _Object:
    """The object whose id one value of a change is."""

    side: type[DialectExpression]

    def __call__(self, selection: Selection, member: FromClause) -> JsonText:
        return object_by_global_id(
            selection, member, _prefix(selection, member), TextAsId(self.side(member.c.value))
        )


@planned_type
class FieldChange:
    """One changed field. Amounts are in the currency of the changed object, which never changes."""

    field: str = computed(
        lambda member: member.key,
        "The name of the field, such as `closedOn` or `statusReasonId`; for a quote's line at position 2,"
        " `lines.2.quantity`.",
    )
    before: str | None = planned_field(
        _Value(Before), "The previous value, written like the field's; null if there was none."
    )
    after: str | None = planned_field(
        _Value(After), "The new value, written like the field's; null if there is none."
    )
    before_object: Node | None = planned_field(
        _Object(Before), "The object whose id `before` is; null if it is no id."
    )
    after_object: Node | None = planned_field(
        _Object(After), "The object whose id `after` is; null if it is no id."
    )


@table_interface(models.Audit, "his")
class HistoryEntry(Node):
    """A recorded change of an opportunity, quote or contract. Entries are never altered."""

    action: str = column(
        models.Audit.action,
        f"The kind of change: {_ACTIONS}. More may be added: handle unknown ones too.",
    )
    at: datetime = column(models.Audit.at, "The time of the change.")
    user: User = by_foreign_key(models.Audit.user_id, "The user who made the change.")
    changes: list[FieldChange] = changes(models.Audit.details, "The changed fields.")


@implementing_type(lambda row: row.action.startswith(_OPPORTUNITY))
class OpportunityHistoryEntry(HistoryEntry):
    """A recorded change of an opportunity."""

    opportunity: Annotated["Opportunity", strawberry.lazy("schema.types.opportunity")] = by_foreign_key(
        models.Audit.subject_id, "The opportunity in its current state."
    )


@implementing_type(lambda row: row.action.startswith(_QUOTE))
class QuoteHistoryEntry(HistoryEntry):
    """A recorded change of a quote."""

    quote: Annotated["Quote", strawberry.lazy("schema.types.quote")] | None = by_foreign_key(
        models.Audit.subject_id,
        "The quote in its current state; null if it was a draft and has been deleted.",
    )


@implementing_type(lambda row: row.action.startswith(_CONTRACT))
class ProjectContractHistoryEntry(HistoryEntry):
    """A recorded change of a project contract."""

    project_contract: Annotated["ProjectContract", strawberry.lazy("schema.types.quote")] = by_foreign_key(
        models.Audit.subject_id, "The contract in its current state."
    )
