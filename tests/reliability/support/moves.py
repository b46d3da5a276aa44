"""Every mutation once, on a small deal: what its rule is sent, and what a model of the deal says to that."""

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

_LINE = ("Crane", Decimal("1.00"), Decimal("1000.00"))


@dataclass
class Scene:
    """An organization with an opportunity that has two active quotes and a draft, and a model of it."""

    builder: OrganizationBuilder
    model: Model
    opportunity_id: UUID
    active: UUID
    rival: UUID
    draft: UUID

    @classmethod
    async def create(cls, database: Database) -> "Scene":
        """Store one."""
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
class Move:
    """One mutation as somebody sends it."""

    rule: Callable[[Transaction, Caller, Any], Awaitable[Any]]
    sent: Any

    def act(self, caller: Caller, transaction: Transaction) -> Awaitable[Any]:
        """Make it, for this caller."""
        return self.rule(transaction, caller, self.sent)

    def foretold(self, model: Model, outcome: Any) -> str | None:
        """Let a model do it; return the code with which it is refused. New things take the outcome's ids."""
        if getattr(self.sent, "quote_id", None) not in (None, *model.quotes):
            return "NOT_FOUND"
        refusal = _FORETELLING.get(self.rule, _by_its_name(self.rule))(model, self.sent)
        if refusal is None and outcome is not None and self.rule in _ADDING:
            _ADDING[self.rule](model, self.sent, outcome)
        return refusal


def _by_its_name(rule: Callable[..., Any]) -> Callable[[Model, Any], str | None]:
    return lambda model, sent: getattr(model, rule.__name__)(sent)


def _edited(model: Model, sent: UpdateQuote) -> str | None:
    return model.update_quote(sent, sent.changes["name"], model.quotes[sent.quote_id].lines)


_FORETELLING: dict[Any, Callable[[Model, Any], str | None]] = {
    create_opportunity: lambda _model, _sent: None,
    update_quote: _edited,
}
_ADDING: dict[Any, Callable[[Model, Any, Any], object]] = {
    create_opportunity: lambda model, sent, it: model.add_opportunity(it.opportunity_id, sent),
    create_quote: lambda model, sent, it: model.add_quote(it.quote_id, sent),
    revise_quote: lambda model, sent, it: model.add_revision(it.draft_id, sent.quote_id),
    win_quote: lambda model, _, it: model.add_contract(it.project_contract_id),
    create_account: lambda model, sent, it: model.add_account(it.account_id, sent),
    create_competitor: lambda model, sent, it: model.add_competitor(it.competitor_id, sent),
    create_status_reason: lambda model, sent, it: model.add_status_reason(it.status_reason_id, sent),
}

_LOST = OpportunityState.LOST
_ALONG = CloseRemainingQuotes(reason=QuoteCloseReason.CANCELED)

ON_THE_DEAL: dict[str, Callable[[Scene], Move]] = {
    "updateOpportunity": lambda it: Move(
        update_opportunity, UpdateOpportunity(opportunity_id=it.opportunity_id, changes={"name": "Cables"})
    ),
    "closeOpportunity": lambda it: Move(
        close_opportunity, CloseOpportunity(opportunity_id=it.opportunity_id, outcome=OpportunityState.WON)
    ),
    "closeOpportunities": lambda it: Move(
        close_opportunities,
        CloseOpportunities(opportunity_ids=(it.opportunity_id,), outcome=_LOST, close_quotes=_ALONG),
    ),
    "reopenOpportunity": lambda it: Move(
        reopen_opportunity,
        ReopenOpportunity(opportunity_id=it.opportunity_id, status_reason=OpenReason.ON_HOLD),
    ),
    "createQuote": lambda it: Move(
        create_quote, CreateQuote(opportunity_id=it.opportunity_id, name="Crew", copy_lines_from=it.active)
    ),
    "updateQuote": lambda it: Move(update_quote, UpdateQuote(quote_id=it.draft, changes={"name": "Crew"})),
    "deleteDraftQuote": lambda it: Move(delete_draft_quote, QuoteRef(quote_id=it.draft)),
    "activateQuote": lambda it: Move(activate_quote, QuoteRef(quote_id=it.draft)),
    "reviseQuote": lambda it: Move(revise_quote, QuoteRef(quote_id=it.active)),
    "winQuote": lambda it: Move(win_quote, WinQuote(quote_id=it.rival)),
    "closeQuotes": lambda it: Move(close_quotes, CloseQuotes(of_opportunity=it.opportunity_id)),
}
"""By the names of the mutations, those of the opportunity and its quotes."""

MOVES = ON_THE_DEAL | {
    "createOpportunity": lambda it: Move(
        create_opportunity,
        CreateOpportunity(
            name="Lock gates",
            account_id=it.builder.account_id,
            contracting_unit_id=it.builder.contracting_unit_id,
            estimated_revenue=Decimal("10.00"),
        ),
    ),
    "createAccount": lambda _: Move(create_account, CreateAccount(name="Dockside")),
    "updateAccount": lambda it: Move(
        update_account, UpdateAccount(account_id=it.builder.account_id, changes={"name": "Dockside"})
    ),
    "createCompetitor": lambda _: Move(create_competitor, CreateCompetitor(name="Hoist Bros")),
    "createStatusReason": lambda _: Move(
        create_status_reason, CreateStatusReason(state=_LOST, label="Frozen")
    ),
    "retireStatusReason": lambda it: Move(
        retire_status_reason, RetireStatusReason(status_reason_id=it.builder.reasons[SeededReason.CANCELED])
    ),
}
"""By the names of the mutations, all."""
