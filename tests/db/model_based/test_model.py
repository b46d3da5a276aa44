"""Random sequences of operations: outcomes, refusals and stored rows agree with a model."""

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

INDEX = st.integers(0, 99)
"""The index of a row, modulo the number of rows."""

AHEAD = st.sampled_from((None, None, 0, 1))
"""The difference between the expected and the current version; None expects no version."""

NAMES = st.sampled_from(("Cranes", "Cables", "Crew"))
AMOUNTS = st.sampled_from([Decimal(each) for each in ("0.00", "0.01", "0.50", "2.50", "99.99", "1234.56")])
LINES = st.lists(st.tuples(NAMES, AMOUNTS, AMOUNTS), max_size=2)
OUTCOMES = st.sampled_from((OpportunityState.WON, OpportunityState.LOST))
OPEN_REASONS = st.sampled_from(OpenReason)
CLOSE_REASONS = st.sampled_from(QuoteCloseReason)
REMAINING = st.none() | st.builds(CloseRemainingQuotes, reason=CLOSE_REASONS)


class Operations(RuleBasedStateMachine):
    """Operations on one organization, and its model."""

    database: ClassVar[Database]
    runner: ClassVar[asyncio.Runner]
    steps_per_check: ClassVar[int]
    """After this number of steps rows are compared, and operations are replayed with their key."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = self.runner.run(OrganizationBuilder.create(self.database))
        self.model = Model(self.builder)
        self.keys = count()
        self.operations = count()
        self.steps = count()

    @invariant()
    def rows_agree_with_the_model(self) -> None:
        if next(self.steps) % self.steps_per_check == 0:
            self.compare()

    @override
    def teardown(self) -> None:
        self.compare()

    def compare(self) -> None:
        """Check that the stored rows are those of the model."""
        assert self.runner.run(stored_rows(self.builder)) == expected_rows(self.model)

    @initialize(estimate=AMOUNTS)
    def begin(self, estimate: Decimal) -> None:
        """Create two opportunities with two quotes each, and activate all quotes but the last."""
        lines = [("Crane", Decimal("1.00"), estimate)]
        for opportunity in (0, 1):
            first = 2 * opportunity
            self.create_opportunity("Cranes", estimate)
            self.create_quote(opportunity, "Cranes", None, None)
            self.update_quote(first, "Cranes", added=lines, changed=None, removed=None, ahead=None)
            self.create_quote(opportunity, "Cables", None, first)
        for quote in (0, 1, 2):
            self.activate_quote(quote, None)
        self.create_status_reason(
            state=OpportunityState.LOST, label="Crew", description_required=True, competitor_required=True
        )

    @rule(name=NAMES, estimate=AMOUNTS)
    def create_opportunity(self, name: str, estimate: Decimal) -> None:
        command = CreateOpportunity(
            name=name,
            account_id=self.builder.account_id,
            contracting_unit_id=self.builder.contracting_unit_id,
            estimated_revenue=estimate,
        )
        created = self.agree(None, create_opportunity, command)
        self.model.add_opportunity(created.opportunity_id, command)

    @rule(which=INDEX, name=NAMES, reason=st.none() | OPEN_REASONS, ahead=AHEAD)
    def update_opportunity(self, which: int, name: str, reason: OpenReason | None, ahead: int | None) -> None:
        id_, expected = picked(self.model.opportunities, which, ahead)
        changes: Any = {"name": name} | ({} if reason is None else {"status_reason": reason})
        command = UpdateOpportunity(opportunity_id=id_, changes=changes, expected_version=expected)
        self.agree(self.model.update_opportunity(command), update_opportunity, command)

    @rule(
        which=INDEX,
        outcome=OUTCOMES,
        reason=st.none() | INDEX,
        description=st.sampled_from((None, "Signed.")),
        competitor=st.booleans(),
        close_quotes=REMAINING,
        ahead=AHEAD,
    )
    def close_opportunity(
        self, which: int, ahead: int | None, reason: int | None, *, competitor: bool, **details: Any
    ) -> None:
        id_, expected = picked(self.model.opportunities, which, ahead)
        is_lost = details["outcome"] == OpportunityState.LOST
        command = CloseOpportunity(
            opportunity_id=id_,
            outcome=details["outcome"],
            status_reason_id=None if reason is None else picked(self.model.reasons, reason)[0],
            description=details["description"],
            competitor_id=self.builder.competitor_id if competitor and is_lost else None,
            close_quotes=details["close_quotes"],
            expected_version=expected,
        )
        self.agree(self.model.close_opportunity(command), close_opportunity, command)

    @rule(
        chosen=st.lists(INDEX, min_size=1, max_size=4),
        outcome=OUTCOMES,
        close_quotes=REMAINING,
        close_others=st.booleans(),
    )
    def close_opportunities(
        self,
        chosen: list[int],
        outcome: OpportunityState,
        close_quotes: CloseRemainingQuotes | None,
        *,
        close_others: bool,
    ) -> None:
        command = CloseOpportunities(
            opportunity_ids=tuple(picked(self.model.opportunities, which)[0] for which in chosen),
            outcome=outcome,
            close_quotes=close_quotes,
            close_others=close_others,
        )
        self.agree(self.model.close_opportunities(command), close_opportunities, command)

    @rule(which=INDEX, reason=OPEN_REASONS, ahead=AHEAD)
    def reopen_opportunity(self, which: int, reason: OpenReason, ahead: int | None) -> None:
        id_, expected = picked(self.model.opportunities, which, ahead)
        command = ReopenOpportunity(opportunity_id=id_, status_reason=reason, expected_version=expected)
        self.agree(self.model.reopen_opportunity(command), reopen_opportunity, command)

    @rule(
        which=INDEX,
        name=NAMES,
        number=st.sampled_from((None, None, "A-1", "A-2")),
        source=st.none() | INDEX,
    )
    def create_quote(self, which: int, name: str, number: str | None, source: int | None) -> None:
        copied = source is not None and self.model.quotes
        command = CreateQuote(
            opportunity_id=picked(self.model.opportunities, which)[0],
            name=name,
            number=number,
            copy_lines_from=picked(self.model.quotes, source or 0)[0] if copied else None,
        )
        created = self.agree(self.model.create_quote(command), create_quote, command)
        if created:
            self.model.add_quote(created.quote_id, command)

    @precondition(lambda self: self.model.quotes)
    @rule(
        which=INDEX,
        name=NAMES,
        added=LINES,
        changed=st.none() | st.tuples(INDEX, AMOUNTS),
        removed=st.none() | INDEX,
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
        command = UpdateQuote(
            quote_id=id_,
            changes={"name": name},
            add_lines=tuple(line_content(line) for line in edit["added"]),
            change_lines=tuple(
                LineUpdate(line_id, {"quantity": line[1]})
                for line_id, line in new.items()
                if line != old[line_id]
            ),
            remove_lines=tuple(line_id for line_id in old if line_id not in new),
            expected_version=expected,
        )
        self.agree(
            self.model.update_quote(command, name, [*new.values(), *edit["added"]]), update_quote, command
        )

    @precondition(lambda self: self.model.quotes)
    @rule(which=INDEX, ahead=AHEAD)
    def delete_draft_quote(self, which: int, ahead: int | None) -> None:
        command = self.quote_ref(which, ahead)
        self.agree(self.model.delete_draft_quote(command), delete_draft_quote, command)

    @precondition(lambda self: self.model.quotes)
    @rule(which=INDEX, ahead=AHEAD)
    def activate_quote(self, which: int, ahead: int | None) -> None:
        command = self.quote_ref(which, ahead)
        self.agree(self.model.activate_quote(command), activate_quote, command)

    @precondition(lambda self: self.model.quotes)
    @rule(which=INDEX, ahead=AHEAD)
    def revise_quote(self, which: int, ahead: int | None) -> None:
        command = self.quote_ref(which, ahead)
        revised = self.agree(self.model.revise_quote(command), revise_quote, command)
        if revised:
            self.model.add_revision(revised.draft_id, command.quote_id)

    @precondition(lambda self: self.model.quotes)
    @rule(which=INDEX, ahead=AHEAD)
    def win_quote(self, which: int, ahead: int | None) -> None:
        id_, expected = picked(self.model.quotes, which, ahead)
        command = WinQuote(quote_id=id_, expected_version=expected)
        won = self.agree(self.model.win_quote(command), win_quote, command)
        if won:
            self.model.add_contract(won.project_contract_id)

    @precondition(lambda self: self.model.quotes)
    @rule(chosen=st.lists(INDEX, min_size=1, max_size=4), reason=CLOSE_REASONS, close_others=st.booleans())
    def close_quotes(self, chosen: list[int], **details: Any) -> None:
        ids = tuple(picked(self.model.quotes, which)[0] for which in chosen)
        command = CloseQuotes(ids=ids, **details)
        self.agree(self.model.close_quotes(command), close_quotes, command)

    @rule(which=INDEX, reason=CLOSE_REASONS, close_others=st.booleans())
    def close_quotes_of_opportunity(self, which: int, **details: Any) -> None:
        command = CloseQuotes(of_opportunity=picked(self.model.opportunities, which)[0], **details)
        self.agree(self.model.close_quotes(command), close_quotes, command)

    @rule(name=NAMES, parent=st.none() | INDEX)
    def create_account(self, name: str, parent: int | None) -> None:
        parent_id = None if parent is None else picked(self.model.accounts, parent)[0]
        command = CreateAccount(name=name, parent_account_id=parent_id)
        created = self.agree(self.model.create_account(command), create_account, command)
        if created:
            self.model.add_account(created.account_id, command)

    @rule(which=INDEX, name=NAMES, parent=st.none() | INDEX, ahead=AHEAD)
    def update_account(self, which: int, name: str, parent: int | None, ahead: int | None) -> None:
        id_, expected = picked(self.model.accounts, which, ahead)
        parent_id = None if parent is None else picked(self.model.accounts, parent)[0]
        changes: Any = {"name": name, "parent_account_id": parent_id}
        command = UpdateAccount(account_id=id_, changes=changes, expected_version=expected)
        self.agree(self.model.update_account(command), update_account, command)

    @rule(name=NAMES)
    def create_competitor(self, name: str) -> None:
        command = CreateCompetitor(name=name)
        created = self.agree(self.model.create_competitor(command), create_competitor, command)
        if created:
            self.model.add_competitor(created.competitor_id, command)

    @rule(state=OUTCOMES, label=NAMES, description_required=st.booleans(), competitor_required=st.booleans())
    def create_status_reason(self, **details: Any) -> None:
        command = CreateStatusReason(**details)
        created = self.agree(self.model.create_status_reason(command), create_status_reason, command)
        if created:
            self.model.add_status_reason(created.status_reason_id, command)

    @rule(which=INDEX, ahead=AHEAD)
    def retire_status_reason(self, which: int, ahead: int | None) -> None:
        id_, expected = picked(self.model.reasons, which, ahead)
        command = RetireStatusReason(status_reason_id=id_, expected_version=expected)
        self.agree(self.model.retire_status_reason(command), retire_status_reason, command)

    def quote_ref(self, which: int, ahead: int | None) -> QuoteRef:
        id_, expected = picked(self.model.quotes, which, ahead)
        return QuoteRef(quote_id=id_, expected_version=expected)

    def agree(self, refusal: str | None, operation: Callable[..., Awaitable[Any]], command: Any) -> Any:
        """Check that the refusal is that of the model, and return the outcome; replay some operations."""
        command = replace(command, idempotency_key=str(next(self.keys)))
        result = self.result_of(operation, command)
        assert result[0] == refusal
        if next(self.operations) % self.steps_per_check == 0:
            assert self.result_of(operation, command) == result
        return result[1]

    def result_of(self, operation: Callable[..., Awaitable[Any]], command: Any) -> tuple[str | None, Any]:
        try:
            return None, self.runner.run(run_operation(self.builder, operation, command))
        except Refusal as refusal:
            return refusal.code, None


def picked(rows: Mapping[UUID, Any], which: int, ahead: int | None = None) -> tuple[UUID, int | None]:
    """Return the id of one of the rows, and the version that the caller expects."""
    id_ = list(rows)[which % len(rows)]
    return id_, None if ahead is None else rows[id_].version + ahead


def line_content(line: Line) -> LineContent:
    name, quantity, unit_price = line
    return LineContent(kind=QuoteLineKind.PRODUCT, name=name, quantity=quantity, unit_price=unit_price)


def test_every_mutation_is_a_rule() -> None:
    mutations: Any = cached_schema().graphql.mutation_type
    rules = {to_camel_case(each.function.__name__) for each in Operations.setup_state().rules}
    assert rules - {"closeQuotesOfOpportunity"} == set(mutations.fields)


@pytest.mark.parametrize(
    ("runs", "steps_per_check"),
    [
        (200, 5),
        pytest.param(300, 1, marks=pytest.mark.long),
        pytest.param(10_000, 5, marks=pytest.mark.long),
    ],
)
def test_the_database_agrees_with_the_model(database_url: str, runs: int, steps_per_check: int) -> None:
    with asyncio.Runner() as runner:
        database = runner.run(open_database(database_url))
        own = {"database": database, "runner": runner, "steps_per_check": steps_per_check}
        machine = type("OperationsOnDatabase", (Operations,), own)
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
