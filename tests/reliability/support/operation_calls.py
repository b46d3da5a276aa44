"""One call of every operation on one small organization, and the result that a model predicts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from db.domain.caller import Caller
from db.domain.enums import (
    OpenReason,
    OpportunityState,
    QuoteCloseReason,
    QuoteState,
    SeededReason,
)
from db.master_data.accounts import CreateAccount, UpdateAccount, create_account, update_account
from db.master_data.competitors import CreateCompetitor, create_competitor
from db.master_data.status_reasons import (
    CreateStatusReason,
    RetireStatusReason,
    create_status_reason,
    retire_status_reason,
)
from db.opportunities.close import CloseOpportunity, CloseRemainingQuotes, close_opportunity
from db.opportunities.close_many import CloseOpportunities, close_opportunities
from db.opportunities.create import CreateOpportunity, create_opportunity
from db.opportunities.reopen import ReopenOpportunity, reopen_opportunity
from db.opportunities.update import UpdateOpportunity, update_opportunity
from db.quotes.activate import activate_quote
from db.quotes.close import CloseQuotes, close_quotes
from db.quotes.create import CreateQuote, create_quote
from db.quotes.delete import delete_draft_quote
from db.quotes.revise import revise_quote
from db.quotes.transitions import QuoteRef
from db.quotes.update import UpdateQuote, update_quote
from db.quotes.win import WinQuote, win_quote
from db.sql.database import Database, Transaction
from tests.builders import OrganizationBuilder
from tests.db.model_based.model import Model, Opportunity, Quote

Operation = Callable[..., Awaitable[Any]]

_LINE = ("Crane", Decimal("1.00"), Decimal("1000.00"))


@dataclass
class Scenario:
    """An organization whose opportunity has two active quotes and a draft, and a model of it."""

    builder: OrganizationBuilder
    model: Model
    opportunity_id: UUID
    active: UUID
    rival: UUID
    draft: UUID

    @classmethod
    async def create(cls, database: Database) -> "Scenario":
        """Store the rows."""
        builder = await OrganizationBuilder.create(database)
        model = Model(builder)
        opportunity_id = await builder.opportunity()
        reason = builder.reasons[SeededReason.IN_PROGRESS]
        model.opportunities[opportunity_id] = Opportunity(
            "Harbour crane retrofit", Decimal("5000.00"), reason
        )
        for number, state in (("A-1", "ACTIVE"), ("A-2", "ACTIVE"), ("A-3", "DRAFT")):
            id_ = await builder.quote(opportunity_id, state=QuoteState(state), number=number)
            quote = Quote(opportunity_id, number, "Cranes and crew", lines=[_LINE], state=state)
            quote.reason = f"{state}_IN_PROGRESS"
            model.quotes[id_] = quote
        return cls(builder, model, opportunity_id, *model.quotes)


@dataclass(frozen=True)
class OperationCall:
    """An operation and its command."""

    operation: Operation
    command: Any

    def run(self, caller: Caller, transaction: Transaction) -> Awaitable[Any]:
        """Run the operation for this caller."""
        return self.operation(transaction, caller, self.command)

    def predict(self, model: Model, outcome: Any) -> str | None:
        """Apply the call to a model, with the outcome's ids; return the code of the refusal, if any."""
        if getattr(self.command, "quote_id", None) not in (None, *model.quotes):
            return "NOT_FOUND"
        code = _PREDICTIONS[self.operation](model, self.command)
        if code is None and outcome is not None and self.operation in _ADDITIONS:
            _ADDITIONS[self.operation](model, self.command, outcome)
        return code


_PREDICTIONS: dict[Operation, Callable[[Model, Any], str | None]] = {
    create_opportunity: lambda _model, _command: None,
    update_opportunity: Model.update_opportunity,
    close_opportunity: Model.close_opportunity,
    close_opportunities: Model.close_opportunities,
    reopen_opportunity: Model.reopen_opportunity,
    create_quote: Model.create_quote,
    update_quote: lambda model, command: model.update_quote(
        command, command.changes["name"], model.quotes[command.quote_id].lines
    ),
    delete_draft_quote: Model.delete_draft_quote,
    activate_quote: Model.activate_quote,
    revise_quote: Model.revise_quote,
    win_quote: Model.win_quote,
    close_quotes: Model.close_quotes,
    create_account: Model.create_account,
    update_account: Model.update_account,
    create_competitor: Model.create_competitor,
    create_status_reason: Model.create_status_reason,
    retire_status_reason: Model.retire_status_reason,
}
_ADDITIONS: dict[Operation, Callable[[Model, Any, Any], object]] = {
    create_opportunity: lambda model, command, new: model.add_opportunity(new.opportunity_id, command),
    create_quote: lambda model, command, new: model.add_quote(new.quote_id, command),
    revise_quote: lambda model, command, new: model.add_revision(new.draft_id, command.quote_id),
    win_quote: lambda model, _, new: model.add_contract(new.project_contract_id),
    create_account: lambda model, command, new: model.add_account(new.account_id, command),
    create_competitor: lambda model, command, new: model.add_competitor(new.competitor_id, command),
    create_status_reason: lambda model, command, new: model.add_status_reason(new.status_reason_id, command),
}

_LOST = OpportunityState.LOST
_CLOSE_QUOTES = CloseRemainingQuotes(reason=QuoteCloseReason.CANCELED)

OPPORTUNITY_CALLS: dict[str, Callable[[Scenario], OperationCall]] = {
    "updateOpportunity": lambda scenario: OperationCall(
        update_opportunity,
        UpdateOpportunity(opportunity_id=scenario.opportunity_id, changes={"name": "Cables"}),
    ),
    "closeOpportunity": lambda scenario: OperationCall(
        close_opportunity,
        CloseOpportunity(opportunity_id=scenario.opportunity_id, outcome=OpportunityState.WON),
    ),
    "closeOpportunities": lambda scenario: OperationCall(
        close_opportunities,
        CloseOpportunities(
            opportunity_ids=(scenario.opportunity_id,), outcome=_LOST, close_quotes=_CLOSE_QUOTES
        ),
    ),
    "reopenOpportunity": lambda scenario: OperationCall(
        reopen_opportunity,
        ReopenOpportunity(opportunity_id=scenario.opportunity_id, status_reason=OpenReason.ON_HOLD),
    ),
    "createQuote": lambda scenario: OperationCall(
        create_quote,
        CreateQuote(opportunity_id=scenario.opportunity_id, name="Crew", copy_lines_from=scenario.active),
    ),
    "updateQuote": lambda scenario: OperationCall(
        update_quote, UpdateQuote(quote_id=scenario.draft, changes={"name": "Crew"})
    ),
    "deleteDraftQuote": lambda scenario: OperationCall(delete_draft_quote, QuoteRef(quote_id=scenario.draft)),
    "activateQuote": lambda scenario: OperationCall(activate_quote, QuoteRef(quote_id=scenario.draft)),
    "reviseQuote": lambda scenario: OperationCall(revise_quote, QuoteRef(quote_id=scenario.active)),
    "winQuote": lambda scenario: OperationCall(win_quote, WinQuote(quote_id=scenario.rival)),
    "closeQuotes": lambda scenario: OperationCall(
        close_quotes, CloseQuotes(of_opportunity=scenario.opportunity_id)
    ),
}
"""The calls on one opportunity and its quotes, by the names of their mutations."""

CALLS = OPPORTUNITY_CALLS | {
    "createOpportunity": lambda scenario: OperationCall(
        create_opportunity,
        CreateOpportunity(
            name="Lock gates",
            account_id=scenario.builder.account_id,
            contracting_unit_id=scenario.builder.contracting_unit_id,
            estimated_revenue=Decimal("10.00"),
        ),
    ),
    "createAccount": lambda _: OperationCall(create_account, CreateAccount(name="Dockside")),
    "updateAccount": lambda scenario: OperationCall(
        update_account, UpdateAccount(account_id=scenario.builder.account_id, changes={"name": "Dockside"})
    ),
    "createCompetitor": lambda _: OperationCall(create_competitor, CreateCompetitor(name="Hoist Bros")),
    "createStatusReason": lambda _: OperationCall(
        create_status_reason, CreateStatusReason(state=_LOST, label="Frozen")
    ),
    "retireStatusReason": lambda scenario: OperationCall(
        retire_status_reason,
        RetireStatusReason(status_reason_id=scenario.builder.reasons[SeededReason.CANCELED]),
    ),
}
"""A call of every operation, by the name of its mutation."""
