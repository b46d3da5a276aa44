"""Random lives of deals: every answer is what a plain model foretells, and so is what the database holds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from strawberry.utils.str_converters import to_camel_case
from typing_extensions import override

from db.connect import open_database
from db.domain.enums import OpenReason, OpportunityState, QuoteCloseReason, QuoteLineKind
from db.domain.errors import Refusal
from db.lines.line import LineContent, LineUpdate
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
from db.sql.database import Database
from tests.builders import OrganizationBuilder
from tests.db.model_based.model import Line, Model
from tests.db.model_based.model_rows import expected_rows, ids_of_lines, stored_rows
from tests.db.operations import run_operation
from tests.schema.support.client import cached_schema

WHICH = st.integers(0, 99)
"""Which of the things there are, counted round and round."""

AHEAD = st.sampled_from((None, None, 0, 1))
"""How far ahead of the version is what the caller expects; None expects nothing."""

NAMES = st.sampled_from(("Cranes", "Cables", "Crew"))
AMOUNTS = st.sampled_from([Decimal(each) for each in ("0.00", "0.01", "0.50", "2.50", "99.99", "1234.56")])
LINES = st.lists(st.tuples(NAMES, AMOUNTS, AMOUNTS), max_size=2)
OUTCOMES = st.sampled_from((OpportunityState.WON, OpportunityState.LOST))
OPEN_REASONS = st.sampled_from(OpenReason)
CLOSE_REASONS = st.sampled_from(QuoteCloseReason)
ALONG = st.none() | st.builds(CloseRemainingQuotes, reason=CLOSE_REASONS)


class Life(RuleBasedStateMachine):
    """One organization and its model, from the first deals on."""

    database: ClassVar[Database]
    runner: ClassVar[asyncio.Runner]
    steps_at_once: ClassVar[int]
    """After how many steps rows are compared, and what was done is sent again: what went wrong stays so."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = self.runner.run(OrganizationBuilder.create(self.database))
        self.model = Model(self.builder)
        self.keys = count()
        self.acts = count()
        self.steps = count()

    @invariant()
    def the_database_holds_what_the_model_holds(self) -> None:
        if next(self.steps) % self.steps_at_once == 0:
            self.compare()

    @override
    def teardown(self) -> None:
        self.compare()

    def compare(self) -> None:
        """See that every row is as the model has it."""
        assert self.runner.run(stored_rows(self.builder)) == expected_rows(self.model)

    @initialize(estimate=AMOUNTS)
    def begin(self, estimate: Decimal) -> None:
        """Draft two quotes for each of two deals, and activate all but the last."""
        lines = [("Crane", Decimal("1.00"), estimate)]
        for deal in (0, 1):
            first = 2 * deal
            self.create_opportunity("Cranes", estimate)
            self.create_quote(deal, "Cranes", None, None)
            self.update_quote(first, "Cranes", added=lines, changed=None, removed=None, ahead=None)
            self.create_quote(deal, "Cables", None, first)
        for quote in (0, 1, 2):
            self.activate_quote(quote, None)
        self.create_status_reason(
            state=OpportunityState.LOST, label="Crew", description_required=True, competitor_required=True
        )

    @rule(name=NAMES, estimate=AMOUNTS)
    def create_opportunity(self, name: str, estimate: Decimal) -> None:
        sent = CreateOpportunity(
            name=name,
            account_id=self.builder.account_id,
            contracting_unit_id=self.builder.contracting_unit_id,
            estimated_revenue=estimate,
        )
        created = self.agree(None, create_opportunity, sent)
        self.model.add_opportunity(created.opportunity_id, sent)

    @rule(which=WHICH, name=NAMES, reason=st.none() | OPEN_REASONS, ahead=AHEAD)
    def update_opportunity(self, which: int, name: str, reason: OpenReason | None, ahead: int | None) -> None:
        id_, expected = picked(self.model.opportunities, which, ahead)
        changes: Any = {"name": name} | ({} if reason is None else {"status_reason": reason})
        sent = UpdateOpportunity(opportunity_id=id_, changes=changes, expected_version=expected)
        self.agree(self.model.update_opportunity(sent), update_opportunity, sent)

    @rule(
        which=WHICH,
        outcome=OUTCOMES,
        reason=st.none() | WHICH,
        description=st.sampled_from((None, "Signed.")),
        competitor=st.booleans(),
        along=ALONG,
        ahead=AHEAD,
    )
    def close_opportunity(
        self, which: int, ahead: int | None, reason: int | None, *, competitor: bool, **details: Any
    ) -> None:
        id_, expected = picked(self.model.opportunities, which, ahead)
        is_lost = details["outcome"] == OpportunityState.LOST
        sent = CloseOpportunity(
            opportunity_id=id_,
            outcome=details["outcome"],
            status_reason_id=None if reason is None else picked(self.model.reasons, reason)[0],
            description=details["description"],
            competitor_id=self.builder.competitor_id if competitor and is_lost else None,
            close_quotes=details["along"],
            expected_version=expected,
        )
        self.agree(self.model.close_opportunity(sent), close_opportunity, sent)

    @rule(
        chosen=st.lists(WHICH, min_size=1, max_size=4),
        outcome=OUTCOMES,
        along=ALONG,
        close_others=st.booleans(),
    )
    def close_opportunities(
        self,
        chosen: list[int],
        outcome: OpportunityState,
        along: CloseRemainingQuotes | None,
        *,
        close_others: bool,
    ) -> None:
        sent = CloseOpportunities(
            opportunity_ids=tuple(picked(self.model.opportunities, which)[0] for which in chosen),
            outcome=outcome,
            close_quotes=along,
            close_others=close_others,
        )
        self.agree(self.model.close_opportunities(sent), close_opportunities, sent)

    @rule(which=WHICH, reason=OPEN_REASONS, ahead=AHEAD)
    def reopen_opportunity(self, which: int, reason: OpenReason, ahead: int | None) -> None:
        id_, expected = picked(self.model.opportunities, which, ahead)
        sent = ReopenOpportunity(opportunity_id=id_, status_reason=reason, expected_version=expected)
        self.agree(self.model.reopen_opportunity(sent), reopen_opportunity, sent)

    @rule(
        which=WHICH,
        name=NAMES,
        number=st.sampled_from((None, None, "A-1", "A-2")),
        source=st.none() | WHICH,
    )
    def create_quote(self, which: int, name: str, number: str | None, source: int | None) -> None:
        copied = source is not None and self.model.quotes
        sent = CreateQuote(
            opportunity_id=picked(self.model.opportunities, which)[0],
            name=name,
            number=number,
            copy_lines_from=picked(self.model.quotes, source or 0)[0] if copied else None,
        )
        created = self.agree(self.model.create_quote(sent), create_quote, sent)
        if created:
            self.model.add_quote(created.quote_id, sent)

    @precondition(lambda self: self.model.quotes)
    @rule(
        which=WHICH,
        name=NAMES,
        added=LINES,
        changed=st.none() | st.tuples(WHICH, AMOUNTS),
        removed=st.none() | WHICH,
        ahead=AHEAD,
    )
    def update_quote(self, which: int, name: str, **edit: Any) -> None:
        id_, expected = picked(self.model.quotes, which, edit["ahead"])
        ids = self.runner.run(ids_of_lines(self.builder, id_))
        old = dict(zip(ids, self.model.quotes[id_].lines, strict=True))
        new = dict(old)
        if edit["changed"] is not None and old:
            line_id, _ = picked(old, edit["changed"][0])
            new[line_id] = (old[line_id][0], edit["changed"][1], old[line_id][2])
        if edit["removed"] is not None and old:
            new.pop(picked(old, edit["removed"])[0])
        sent = UpdateQuote(
            quote_id=id_,
            changes={"name": name},
            add_lines=tuple(line_draft(line) for line in edit["added"]),
            change_lines=tuple(
                LineUpdate(line_id, {"quantity": line[1]})
                for line_id, line in new.items()
                if line != old[line_id]
            ),
            remove_lines=tuple(line_id for line_id in old if line_id not in new),
            expected_version=expected,
        )
        self.agree(self.model.update_quote(sent, name, [*new.values(), *edit["added"]]), update_quote, sent)

    @precondition(lambda self: self.model.quotes)
    @rule(which=WHICH, ahead=AHEAD)
    def delete_draft_quote(self, which: int, ahead: int | None) -> None:
        sent = self.one_quote(which, ahead)
        self.agree(self.model.delete_draft_quote(sent), delete_draft_quote, sent)

    @precondition(lambda self: self.model.quotes)
    @rule(which=WHICH, ahead=AHEAD)
    def activate_quote(self, which: int, ahead: int | None) -> None:
        sent = self.one_quote(which, ahead)
        self.agree(self.model.activate_quote(sent), activate_quote, sent)

    @precondition(lambda self: self.model.quotes)
    @rule(which=WHICH, ahead=AHEAD)
    def revise_quote(self, which: int, ahead: int | None) -> None:
        sent = self.one_quote(which, ahead)
        revised = self.agree(self.model.revise_quote(sent), revise_quote, sent)
        if revised:
            self.model.add_revision(revised.draft_id, sent.quote_id)

    @precondition(lambda self: self.model.quotes)
    @rule(which=WHICH, ahead=AHEAD)
    def win_quote(self, which: int, ahead: int | None) -> None:
        id_, expected = picked(self.model.quotes, which, ahead)
        sent = WinQuote(quote_id=id_, expected_version=expected)
        won = self.agree(self.model.win_quote(sent), win_quote, sent)
        if won:
            self.model.add_contract(won.project_contract_id)

    @precondition(lambda self: self.model.quotes)
    @rule(chosen=st.lists(WHICH, min_size=1, max_size=4), reason=CLOSE_REASONS, close_others=st.booleans())
    def close_quotes(self, chosen: list[int], **details: Any) -> None:
        ids = tuple(picked(self.model.quotes, which)[0] for which in chosen)
        sent = CloseQuotes(ids=ids, **details)
        self.agree(self.model.close_quotes(sent), close_quotes, sent)

    @rule(which=WHICH, reason=CLOSE_REASONS, close_others=st.booleans())
    def close_quotes_of_opportunity(self, which: int, **details: Any) -> None:
        sent = CloseQuotes(of_opportunity=picked(self.model.opportunities, which)[0], **details)
        self.agree(self.model.close_quotes(sent), close_quotes, sent)

    @rule(name=NAMES, parent=st.none() | WHICH)
    def create_account(self, name: str, parent: int | None) -> None:
        parent_id = None if parent is None else picked(self.model.accounts, parent)[0]
        sent = CreateAccount(name=name, parent_account_id=parent_id)
        created = self.agree(self.model.create_account(sent), create_account, sent)
        if created:
            self.model.add_account(created.account_id, sent)

    @rule(which=WHICH, name=NAMES, parent=st.none() | WHICH, ahead=AHEAD)
    def update_account(self, which: int, name: str, parent: int | None, ahead: int | None) -> None:
        id_, expected = picked(self.model.accounts, which, ahead)
        parent_id = None if parent is None else picked(self.model.accounts, parent)[0]
        changes: Any = {"name": name, "parent_account_id": parent_id}
        sent = UpdateAccount(account_id=id_, changes=changes, expected_version=expected)
        self.agree(self.model.update_account(sent), update_account, sent)

    @rule(name=NAMES)
    def create_competitor(self, name: str) -> None:
        sent = CreateCompetitor(name=name)
        created = self.agree(self.model.create_competitor(sent), create_competitor, sent)
        if created:
            self.model.add_competitor(created.competitor_id, sent)

    @rule(state=OUTCOMES, label=NAMES, description_required=st.booleans(), competitor_required=st.booleans())
    def create_status_reason(self, **details: Any) -> None:
        sent = CreateStatusReason(**details)
        created = self.agree(self.model.create_status_reason(sent), create_status_reason, sent)
        if created:
            self.model.add_status_reason(created.status_reason_id, sent)

    @rule(which=WHICH, ahead=AHEAD)
    def retire_status_reason(self, which: int, ahead: int | None) -> None:
        id_, expected = picked(self.model.reasons, which, ahead)
        sent = RetireStatusReason(status_reason_id=id_, expected_version=expected)
        self.agree(self.model.retire_status_reason(sent), retire_status_reason, sent)

    def one_quote(self, which: int, ahead: int | None) -> QuoteRef:
        id_, expected = picked(self.model.quotes, which, ahead)
        return QuoteRef(quote_id=id_, expected_version=expected)

    def agree(self, refusal: str | None, rule_: Callable[..., Awaitable[Any]], sent: Any) -> Any:
        """See the refusal that the model foretells, or return the outcome; some act twice with their key."""
        sent = replace(sent, idempotency_key=str(next(self.keys)))
        told = self.told(rule_, sent)
        assert told[0] == refusal
        if next(self.acts) % self.steps_at_once == 0:
            assert self.told(rule_, sent) == told
        return told[1]

    def told(self, rule_: Callable[..., Awaitable[Any]], sent: Any) -> tuple[str | None, Any]:
        try:
            return None, self.runner.run(run_operation(self.builder, rule_, sent))
        except Refusal as refusal:
            return refusal.code, None


def picked(things: Mapping[UUID, Any], which: int, ahead: int | None = None) -> tuple[UUID, int | None]:
    """Return one of the things, and which version its caller expects."""
    id_ = list(things)[which % len(things)]
    return id_, None if ahead is None else things[id_].version + ahead


def line_draft(line: Line) -> LineContent:
    name, quantity, unit_price = line
    return LineContent(kind=QuoteLineKind.PRODUCT, name=name, quantity=quantity, unit_price=unit_price)


def test_no_mutation_is_left_out_of_life() -> None:
    mutations: Any = cached_schema().graphql.mutation_type
    rules = {to_camel_case(each.function.__name__) for each in Life.setup_state().rules}
    assert rules - {"closeQuotesOfOpportunity"} == set(mutations.fields)


@pytest.mark.parametrize(
    ("runs", "steps_at_once"),
    [
        (200, 5),
        pytest.param(300, 1, marks=pytest.mark.long),
        pytest.param(10_000, 5, marks=pytest.mark.long),
    ],
)
def test_the_database_agrees_with_the_model_all_life_long(
    database_url: str, runs: int, steps_at_once: int
) -> None:
    with asyncio.Runner() as runner:
        database = runner.run(open_database(database_url))
        own = {"database": database, "runner": runner, "steps_at_once": steps_at_once}
        machine = type("LifeOnADatabase", (Life,), own)
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=runs,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(database.close())
