"""A model of the operations in plain Python, without transactions and SQL.

Each method takes the command of an operation and returns the code of the refusal, or None.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from db.domain.enums import SeededReason
from db.master_data.accounts import CreateAccount, UpdateAccount
from db.master_data.competitors import CreateCompetitor
from db.master_data.status_reasons import CreateStatusReason, RetireStatusReason
from db.opportunities.close import CloseOpportunity
from db.opportunities.close_many import CloseOpportunities
from db.opportunities.create import CreateOpportunity
from db.opportunities.reopen import ReopenOpportunity
from db.opportunities.update import UpdateOpportunity
from db.quotes.close import CloseQuotes
from db.quotes.create import CreateQuote
from db.quotes.transitions import QuoteRef
from db.quotes.win import WinQuote
from tests.builders import OrganizationBuilder

Line = tuple[str, Decimal, Decimal]
"""Name, quantity, unit price."""

LIVE = ("DRAFT", "ACTIVE")

_OF_ONE_OPPORTUNITY = {None, "OPPORTUNITY_ALREADY_CLOSED", "ACTIVE_QUOTES"}
"""The results that concern one of several opportunities; others refuse all of them."""


@dataclass
class Reason:
    state: str
    label: str = ""
    description_required: bool = False
    competitor_required: bool = False
    is_retired: bool = False
    version: int = 1


@dataclass
class Account:
    name: str
    parent: UUID | None = None
    version: int = 1


@dataclass
class Opportunity:
    name: str
    estimate: Decimal
    reason: UUID
    state: str = "OPEN"
    revenue: Decimal | None = None
    version: int = 1
    closes: list[tuple[str, str, UUID]] = field(default_factory=list)


@dataclass
class Quote:
    opportunity: UUID
    number: str
    name: str
    revision: int = 0
    lines: list[Line] = field(default_factory=list)
    state: str = "DRAFT"
    reason: str = "DRAFT_IN_PROGRESS"
    version: int = 1
    close: str | None = None

    @property
    def total(self) -> Decimal:
        amounts = (quantity * price for _, quantity, price in self.lines)
        return sum((each.quantize(Decimal("0.01"), ROUND_HALF_UP) for each in amounts), Decimal("0.00"))


class Model:
    """A model of one organization."""

    def __init__(self, builder: OrganizationBuilder) -> None:
        states = dict.fromkeys(SeededReason, "LOST") | {
            SeededReason.IN_PROGRESS: "OPEN",
            SeededReason.ON_HOLD: "OPEN",
            SeededReason.WON: "WON",
        }
        self.seeded = builder.reasons
        self.reasons = {builder.reasons[code]: Reason(state) for code, state in states.items()}
        self.accounts = {builder.account_id: Account("Grey Harbour")}
        self.competitors = {"Lift & Sons"}
        self.opportunities: dict[UUID, Opportunity] = {}
        self.quotes: dict[UUID, Quote] = {}
        self.audit: Counter[tuple[str, UUID]] = Counter()
        self.events: list[tuple[UUID, str]] = []
        self.last_number = 1000

    def add_opportunity(self, id_: UUID, command: CreateOpportunity) -> None:
        reason = self.seeded[command.status_reason.code]
        self.opportunities[id_] = Opportunity(command.name, command.estimated_revenue, reason)
        self._record("OPPORTUNITY_CREATED", id_, id_)

    def update_opportunity(self, command: UpdateOpportunity) -> str | None:
        opportunity = self.opportunities[command.opportunity_id]
        refusal = _refusal_of_open(opportunity, command)
        name = command.changes.get("name", opportunity.name)
        reason = command.changes.get("status_reason")
        wanted = opportunity.reason if reason is None else self.seeded[reason.code]
        if refusal is None and (opportunity.name, opportunity.reason) != (name, wanted):
            opportunity.name, opportunity.reason = name, wanted
            opportunity.version += 1
            self._record("OPPORTUNITY_UPDATED", command.opportunity_id, command.opportunity_id)
        return refusal

    def close_opportunity(self, command: CloseOpportunity) -> str | None:
        opportunity = self.opportunities[command.opportunity_id]
        seeded = "WON" if command.outcome == "WON" else "OUT_SOLD" if command.competitor_id else "CANCELED"
        reason_id = command.status_reason_id or self.seeded[SeededReason[seeded]]
        refusal = _refusal_of_open(opportunity, command) or _refusal_of_reason(
            self.reasons[reason_id], command
        )
        if (
            refusal is None
            and command.close_quotes is None
            and self.quotes_of(command.opportunity_id, "ACTIVE")
        ):
            refusal = "ACTIVE_QUOTES"
        if refusal is None:
            self._close(opportunity, command, reason_id)
        return refusal

    def _close(self, opportunity: Opportunity, command: CloseOpportunity, reason_id: UUID) -> None:
        if command.close_quotes is not None:
            for quote_id in self.quotes_of(command.opportunity_id, *LIVE):
                self._close_quote(quote_id, "CLOSED", command.close_quotes.reason, "QUOTE_CLOSED")
        won = [quote.total for quote in self.quotes_of(command.opportunity_id, "WON").values()]
        opportunity.revenue = (*won, opportunity.estimate)[0] if command.outcome == "WON" else None
        opportunity.state, opportunity.reason = command.outcome, reason_id
        opportunity.version += 1
        opportunity.closes.append((command.outcome, "COMPLETED", reason_id))
        self._record("OPPORTUNITY_CLOSED", command.opportunity_id, command.opportunity_id)

    def close_opportunities(self, command: CloseOpportunities) -> str | None:
        before = deepcopy(vars(self))
        codes = self._close_each(command)
        refusal = next((code for code in codes if code not in _OF_ONE_OPPORTUNITY), None)
        if refusal is None and any(codes) and not command.close_others:
            refusal = "OPPORTUNITIES_NOT_CLOSABLE"
        if refusal is not None:
            vars(self).update(before)
        return refusal

    def _close_each(self, command: CloseOpportunities) -> list[str | None]:
        shared: Any = {
            name: getattr(command, name) for name in ("outcome", "status_reason_id", "close_quotes")
        }
        ids = dict.fromkeys(command.opportunity_ids)
        return [self.close_opportunity(CloseOpportunity(opportunity_id=id_, **shared)) for id_ in ids]

    def reopen_opportunity(self, command: ReopenOpportunity) -> str | None:
        opportunity = self.opportunities[command.opportunity_id]
        if opportunity.state == "OPEN":
            return "OPPORTUNITY_OPEN"
        if _is_stale(opportunity, command):
            return "STALE_VERSION"
        opportunity.state, opportunity.reason = "OPEN", self.seeded[command.status_reason.code]
        opportunity.revenue = None
        opportunity.version += 1
        outcome, _, reason_id = opportunity.closes[-1]
        opportunity.closes[-1] = (outcome, "CANCELED", reason_id)
        self._record("OPPORTUNITY_REOPENED", command.opportunity_id, command.opportunity_id)
        return None

    def create_quote(self, command: CreateQuote) -> str | None:
        """Check whether the quote can be created; ``add_quote`` adds it."""
        if self.opportunities[command.opportunity_id].state != "OPEN":
            return "OPPORTUNITY_ALREADY_CLOSED"
        numbers = {quote.number for quote in self.quotes.values()}
        return "QUOTE_NUMBER_TAKEN" if command.number in numbers else None

    def add_quote(self, id_: UUID, command: CreateQuote) -> None:
        if command.number is None:
            self.last_number += 1
        number = command.number or f"QUO-{self.last_number}"
        source = self.quotes[command.copy_lines_from].lines if command.copy_lines_from else []
        self.quotes[id_] = Quote(command.opportunity_id, number, command.name, lines=list(source))
        self._record("QUOTE_CREATED", id_, command.opportunity_id)

    def update_quote(self, command: Any, name: str, lines: list[Line]) -> str | None:
        quote = self.quotes[command.quote_id]
        refusal = self._refusal_of_draft(quote, command)
        if refusal is None and (quote.name, quote.lines) != (name, lines):
            quote.name, quote.lines = name, lines
            quote.version += 1
            self._record("QUOTE_UPDATED", command.quote_id, quote.opportunity)
        return refusal

    def delete_draft_quote(self, command: QuoteRef) -> str | None:
        refusal = self._refusal_of_draft(self.quotes[command.quote_id], command)
        if refusal is None:
            self._record("QUOTE_DELETED", command.quote_id, self.quotes.pop(command.quote_id).opportunity)
        return refusal

    def activate_quote(self, command: QuoteRef) -> str | None:
        quote = self.quotes[command.quote_id]
        refusal = self._refusal_of_draft(quote, command) or (None if quote.lines else "QUOTE_WITHOUT_LINES")
        if refusal is None:
            quote.state, quote.reason = "ACTIVE", "ACTIVE_IN_PROGRESS"
            quote.version += 1
            self._record("QUOTE_ACTIVATED", command.quote_id, quote.opportunity)
        return refusal

    def revise_quote(self, command: QuoteRef) -> str | None:
        """Close the quote; ``add_revision`` adds the draft."""
        quote = self.quotes[command.quote_id]
        if quote.state not in ("ACTIVE", "CLOSED"):
            return "QUOTE_NOT_REVISABLE"
        if self.opportunities[quote.opportunity].state != "OPEN":
            return "OPPORTUNITY_CLOSED"
        if _is_stale(quote, command):
            return "STALE_VERSION"
        if any(each.state in LIVE and each is not quote for each in self._revisions(quote)):
            return "ANOTHER_REVISION_LIVE"
        if quote.state == "ACTIVE":
            self._close_quote(command.quote_id, "CLOSED", "REVISED", "QUOTE_REVISED")
        else:
            self.audit["QUOTE_REVISED", command.quote_id] += 1
        self.events.append((quote.opportunity, "QUOTE_REVISED"))
        return None

    def add_revision(self, id_: UUID, of: UUID) -> None:
        old = self.quotes[of]
        revision = max(each.revision for each in self._revisions(old)) + 1
        self.quotes[id_] = Quote(old.opportunity, old.number, old.name, revision, list(old.lines))
        self.audit["QUOTE_CREATED", id_] += 1

    def win_quote(self, command: WinQuote) -> str | None:
        quote = self.quotes[command.quote_id]
        if quote.state != "ACTIVE":
            return "QUOTE_NOT_ACTIVE"
        if _is_stale(quote, command):
            return "STALE_VERSION"
        if self.quotes_of(quote.opportunity, "WON"):
            return "ANOTHER_QUOTE_WON"
        self._close_quote(command.quote_id, "WON", "WON", "QUOTE_WON")
        for other in self.quotes_of(quote.opportunity, *LIVE):
            self._close_quote(other, "CLOSED", "LOST", "QUOTE_CLOSED")
        self.events.append((quote.opportunity, "QUOTE_WON"))
        return None

    def add_contract(self, id_: UUID) -> None:
        """Add the contract of a won quote, which has the lines of the quote."""
        self.audit["PROJECT_CONTRACT_CREATED", id_] += 1

    def close_quotes(self, command: CloseQuotes) -> str | None:
        ids = list(dict.fromkeys(command.ids or ()))
        if command.of_opportunity:
            ids = list(self.quotes_of(command.of_opportunity, *LIVE))
        closable = [id_ for id_ in ids if self._is_closable(id_)]
        if closable != ids and not command.close_others:
            return "QUOTES_NOT_CLOSABLE"
        for id_ in closable:
            self._close_quote(id_, "CLOSED", command.reason, "QUOTE_CLOSED")
        changed = sorted({self.quotes[id_].opportunity for id_ in closable})
        self.events += [(opportunity_id, "QUOTES_CLOSED") for opportunity_id in changed]
        return None

    def create_account(self, command: CreateAccount) -> str | None:
        """Check whether the account can be created; ``add_account`` adds it."""
        return "ACCOUNT_NAME_TAKEN" if self._has_account(command.name) else None

    def add_account(self, id_: UUID, command: CreateAccount) -> None:
        self.accounts[id_] = Account(command.name, command.parent_account_id)
        self.audit["ACCOUNT_CREATED", id_] += 1

    def update_account(self, command: UpdateAccount) -> str | None:
        account = self.accounts[command.account_id]
        name = command.changes.get("name", account.name)
        parent = command.changes.get("parent_account_id", account.parent)
        if _is_stale(account, command):
            return "STALE_VERSION"
        if name != account.name and self._has_account(name):
            return "ACCOUNT_NAME_TAKEN"
        if parent != account.parent and command.account_id in self._ancestors(parent):
            return "PARENT_ACCOUNT_BELOW"
        if (account.name, account.parent) != (name, parent):
            account.name, account.parent = name, parent
            account.version += 1
            self.audit["ACCOUNT_UPDATED", command.account_id] += 1
        return None

    def create_competitor(self, command: CreateCompetitor) -> str | None:
        """Check whether the competitor can be created; ``add_competitor`` adds it."""
        return "COMPETITOR_NAME_TAKEN" if command.name in self.competitors else None

    def add_competitor(self, id_: UUID, command: CreateCompetitor) -> None:
        self.competitors.add(command.name)
        self.audit["COMPETITOR_CREATED", id_] += 1

    def create_status_reason(self, command: CreateStatusReason) -> str | None:
        """Check whether the status reason can be created; ``add_status_reason`` adds it."""
        if command.competitor_required and command.state == "WON":
            return "COMPETITOR_OF_A_WIN"
        labels = {(reason.state, reason.label) for reason in self.reasons.values()}
        return "STATUS_REASON_LABEL_TAKEN" if (command.state, command.label) in labels else None

    def add_status_reason(self, id_: UUID, command: CreateStatusReason) -> None:
        required = (command.description_required, command.competitor_required)
        self.reasons[id_] = Reason(command.state, command.label, *required)
        self.audit["STATUS_REASON_CREATED", id_] += 1

    def retire_status_reason(self, command: RetireStatusReason) -> str | None:
        reason = self.reasons[command.status_reason_id]
        if reason.state == "OPEN":
            return "STATUS_REASON_OF_OPEN"
        if reason.is_retired:
            return "STATUS_REASON_RETIRED"
        if _is_stale(reason, command):
            return "STALE_VERSION"
        reason.is_retired = True
        reason.version += 1
        self.audit["STATUS_REASON_RETIRED", command.status_reason_id] += 1
        return None

    def quotes_of(self, opportunity_id: UUID, *states: str) -> dict[UUID, Quote]:
        return {
            id_: quote
            for id_, quote in self.quotes.items()
            if quote.opportunity == opportunity_id and quote.state in states
        }

    def _has_account(self, name: str) -> bool:
        return any(account.name == name for account in self.accounts.values())

    def _ancestors(self, account_id: UUID | None) -> set[UUID]:
        ancestors: set[UUID] = set()
        while account_id is not None:
            ancestors.add(account_id)
            account_id = self.accounts[account_id].parent
        return ancestors

    def _is_closable(self, id_: UUID) -> bool:
        quote = self.quotes.get(id_)
        return (
            quote is not None
            and quote.state in LIVE
            and self.opportunities[quote.opportunity].state == "OPEN"
        )

    def _revisions(self, quote: Quote) -> list[Quote]:
        return [each for each in self.quotes.values() if each.number == quote.number]

    def _close_quote(self, id_: UUID, state: str, reason: str, action: str) -> None:
        quote = self.quotes[id_]
        quote.state, quote.reason, quote.close = state, reason, reason
        quote.version += 1
        self.audit[action, id_] += 1

    def _record(self, action: str, subject: UUID, opportunity_id: UUID) -> None:
        self.audit[action, subject] += 1
        self.events.append((opportunity_id, action))

    def _refusal_of_draft(self, quote: Quote, command: Any) -> str | None:
        if quote.state != "DRAFT":
            return "QUOTE_NOT_DRAFT"
        if self.opportunities[quote.opportunity].state != "OPEN":
            return "OPPORTUNITY_CLOSED"
        return "STALE_VERSION" if _is_stale(quote, command) else None


def _refusal_of_open(opportunity: Opportunity, command: Any) -> str | None:
    if opportunity.state != "OPEN":
        return "OPPORTUNITY_ALREADY_CLOSED"
    return "STALE_VERSION" if _is_stale(opportunity, command) else None


def _refusal_of_reason(reason: Reason, command: CloseOpportunity) -> str | None:
    if reason.is_retired or reason.state != command.outcome:
        return "INVALID_STATUS_REASON"
    if reason.description_required and command.description is None:
        return "DESCRIPTION_REQUIRED"
    if reason.competitor_required and command.competitor_id is None:
        return "COMPETITOR_REQUIRED"
    return None


def _is_stale(thing: Reason | Account | Opportunity | Quote, command: Any) -> bool:
    return command.expected_version not in (None, thing.version)
