"""What was done to opportunities and quotes: by whom, when, and what changed. Only the changes write it."""

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
    """One field that changed. Amounts are in the currency of what changed, which never does."""

    field: str = computed(
        lambda member: member.key,
        "Its name, such as `closedOn` or `statusReasonId`; of a quote's line, `lines.2.quantity` for the line"
        " at position 2.",
    )
    before: str | None = planned_field(
        _Value(Before), "What it was, written as the field is; null where there was nothing."
    )
    after: str | None = planned_field(
        _Value(After), "What it is now, written as the field is; null where there is nothing."
    )
    before_object: Node | None = planned_field(
        _Object(Before), "The object that `before` is the id of, if it is one."
    )
    after_object: Node | None = planned_field(
        _Object(After), "The object that `after` is the id of, if it is one."
    )


@table_interface(models.Audit, "his")
class HistoryEntry(Node):
    """One change of an opportunity or of what belongs to it. It is written along with it, never altered."""

    action: str = column(
        models.Audit.action,
        f"What was done: {_ACTIONS}. New actions bring new codes, so keep a branch for unknown ones.",
    )
    at: datetime = column(models.Audit.at, "When.")
    user: User = by_foreign_key(models.Audit.user_id, "Who did it.")
    changes: list[FieldChange] = changes(models.Audit.details, "What changed, field by field.")


@implementing_type(lambda row: row.action.startswith(_OPPORTUNITY))
class OpportunityHistoryEntry(HistoryEntry):
    """One change of an opportunity."""

    opportunity: Annotated["Opportunity", strawberry.lazy("schema.types.opportunity")] = by_foreign_key(
        models.Audit.subject_id, "The opportunity, as it is now."
    )


@implementing_type(lambda row: row.action.startswith(_QUOTE))
class QuoteHistoryEntry(HistoryEntry):
    """One change of a quote."""

    quote: Annotated["Quote", strawberry.lazy("schema.types.quote")] | None = by_foreign_key(
        models.Audit.subject_id, "The quote, as it is now; null where the draft was deleted since."
    )


@implementing_type(lambda row: row.action.startswith(_CONTRACT))
class ProjectContractHistoryEntry(HistoryEntry):
    """One change of a project contract."""

    project_contract: Annotated["ProjectContract", strawberry.lazy("schema.types.quote")] = by_foreign_key(
        models.Audit.subject_id, "The contract, as it is now."
    )
