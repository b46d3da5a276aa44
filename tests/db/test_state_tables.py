"""The result of every operation in every state of opportunities and quotes, as two tables.

If the operation is allowed, the table contains the new state; if it is refused, the code.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteLineKind, QuoteState
from db.domain.errors import OpportunitiesNotClosable, QuotesNotClosable, Refusal
from db.lines.line import LineContent, LineUpdate
from db.lines.storage import read_lines
from db.opportunities.close import CloseOpportunity, CloseRemainingQuotes, close_opportunity
from db.opportunities.close_many import CloseOpportunities, close_opportunities
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
from db.sql.database import Transaction
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

Operation = Callable[[Transaction, OrganizationBuilder, UUID], Awaitable[object]]

OPEN, WON, LOST = OpportunityState
DRAFT, ACTIVE, QUOTE_WON, CLOSED = QuoteState


def closing(outcome: OpportunityState, **details: Any) -> Operation:
    return lambda it, builder, id_: close_opportunity(
        it, builder.caller, CloseOpportunity(opportunity_id=id_, outcome=outcome, **details)
    )


def closing_many(outcome: OpportunityState, **details: Any) -> Operation:
    return lambda it, builder, id_: close_opportunities(
        it, builder.caller, CloseOpportunities(opportunity_ids=(id_,), outcome=outcome, **details)
    )


def creating_quote(it: Transaction, builder: OrganizationBuilder, opportunity_id: UUID) -> Awaitable[object]:
    number = f"QUO-OF-{opportunity_id}"  # the builder generates numbers of its own
    draft = CreateQuote(opportunity_id=opportunity_id, name="Cranes", number=number)
    return create_quote(it, builder.caller, draft)


def editing(edit: Callable[[UUID], dict[str, Any]]) -> Operation:
    async def operation(it: Transaction, builder: OrganizationBuilder, quote_id: UUID) -> object:
        [line] = await read_lines(it, builder.caller, quote_id)
        return await update_quote(it, builder.caller, UpdateQuote(quote_id=quote_id, **edit(line.id)))

    return operation


def of_one_quote(rule: Any) -> Operation:
    return lambda it, builder, id_: rule(it, builder.caller, QuoteRef(quote_id=id_))


def closing_quote(reason: QuoteCloseReason) -> Operation:
    return lambda it, builder, id_: close_quotes(it, builder.caller, CloseQuotes(ids=(id_,), reason=reason))


REMAINING = CloseRemainingQuotes(reason=QuoteCloseReason.CANCELED)
CREW = LineContent(kind=QuoteLineKind.PRODUCT, name="Crew", unit_price=Decimal(7))

OPPORTUNITY_OPERATIONS: dict[str, Operation] = {
    "createQuote": creating_quote,
    "updateOpportunity": lambda it, builder, id_: update_opportunity(
        it, builder.caller, UpdateOpportunity(opportunity_id=id_, changes={"name": "Cranes"})
    ),
    "closeOpportunity as won": closing(WON),
    "closeOpportunity as lost": closing(LOST),
    "closeOpportunity as won with its quotes": closing(WON, close_quotes=REMAINING),
    "closeOpportunity as lost with its quotes": closing(LOST, close_quotes=REMAINING),
    "closeOpportunities as won": closing_many(WON),
    "closeOpportunities as lost": closing_many(LOST),
    "closeOpportunities as won with their quotes": closing_many(WON, close_quotes=REMAINING),
    "closeOpportunities as lost with their quotes": closing_many(LOST, close_quotes=REMAINING),
    "closeQuotes of it": lambda it, builder, id_: close_quotes(
        it, builder.caller, CloseQuotes(of_opportunity=id_)
    ),
    "reopenOpportunity": lambda it, builder, id_: reopen_opportunity(
        it, builder.caller, ReopenOpportunity(opportunity_id=id_)
    ),
}
QUOTE_OPERATIONS: dict[str, Operation] = {
    "updateQuote": editing(lambda _: {"changes": {"name": "Cables"}}),
    "updateQuote adding a line": editing(lambda _: {"add_lines": (CREW,)}),
    "updateQuote changing a line": editing(
        lambda id_: {"change_lines": (LineUpdate(id_, {"name": "Crew"}),)}
    ),
    "updateQuote removing a line": editing(lambda id_: {"remove_lines": (id_,)}),
    "deleteDraftQuote": of_one_quote(delete_draft_quote),
    "activateQuote": of_one_quote(activate_quote),
    "reviseQuote": of_one_quote(revise_quote),
    "winQuote": lambda it, builder, id_: win_quote(it, builder.caller, WinQuote(quote_id=id_)),
    "closeQuotes as lost": closing_quote(QuoteCloseReason.LOST),
    "closeQuotes as canceled": closing_quote(QuoteCloseReason.CANCELED),
}
WITHOUT_STATE = {
    *("createOpportunity", "createAccount", "updateAccount"),
    *("createCompetitor", "createStatusReason", "retireStatusReason"),
}
"""Mutations that need no opportunity and no quote."""

ALREADY_CLOSED = "OPPORTUNITY_ALREADY_CLOSED"
OPPORTUNITIES = {
    (OPEN, "createQuote"): "OPEN",
    (OPEN, "updateOpportunity"): "OPEN",
    (OPEN, "closeOpportunity as won"): "WON",
    (OPEN, "closeOpportunity as lost"): "LOST",
    (OPEN, "closeOpportunity as won with its quotes"): "WON",
    (OPEN, "closeOpportunity as lost with its quotes"): "LOST",
    (OPEN, "closeOpportunities as won"): "WON",
    (OPEN, "closeOpportunities as lost"): "LOST",
    (OPEN, "closeOpportunities as won with their quotes"): "WON",
    (OPEN, "closeOpportunities as lost with their quotes"): "LOST",
    (OPEN, "closeQuotes of it"): "OPEN",
    (OPEN, "reopenOpportunity"): "OPPORTUNITY_OPEN",
    **{(state, operation): ALREADY_CLOSED for state in (WON, LOST) for operation in OPPORTUNITY_OPERATIONS},
    (WON, "closeQuotes of it"): "WON",
    (WON, "reopenOpportunity"): "OPEN",
    (LOST, "closeQuotes of it"): "LOST",
    (LOST, "reopenOpportunity"): "OPEN",
}
WITH_QUOTE: dict[QuoteState | None, dict[tuple[OpportunityState, str], str]] = {
    None: {},
    DRAFT: {
        (WON, "closeQuotes of it"): "OPPORTUNITY_CLOSED",
        (LOST, "closeQuotes of it"): "OPPORTUNITY_CLOSED",
    },
    ACTIVE: {
        (OPEN, "closeOpportunity as won"): "ACTIVE_QUOTES",
        (OPEN, "closeOpportunity as lost"): "ACTIVE_QUOTES",
        (OPEN, "closeOpportunities as won"): "ACTIVE_QUOTES",
        (OPEN, "closeOpportunities as lost"): "ACTIVE_QUOTES",
    },
    QUOTE_WON: {},
    CLOSED: {},
}
"""The results that a quote of the opportunity changes, by the state of the quote."""

IN_DRAFT, IN_ACTIVE = "DRAFT: DRAFT_IN_PROGRESS", "ACTIVE: ACTIVE_IN_PROGRESS"
QUOTES_OF_OPEN = {
    (DRAFT, "updateQuote"): IN_DRAFT,
    (DRAFT, "updateQuote adding a line"): IN_DRAFT,
    (DRAFT, "updateQuote changing a line"): IN_DRAFT,
    (DRAFT, "updateQuote removing a line"): IN_DRAFT,
    (DRAFT, "deleteDraftQuote"): "deleted",
    (DRAFT, "activateQuote"): IN_ACTIVE,
    (DRAFT, "reviseQuote"): "QUOTE_NOT_REVISABLE",
    (DRAFT, "winQuote"): "QUOTE_NOT_ACTIVE",
    (DRAFT, "closeQuotes as lost"): "CLOSED: LOST",
    (DRAFT, "closeQuotes as canceled"): "CLOSED: CANCELED",
    **{
        (state, operation): "QUOTE_NOT_DRAFT"
        for state in (ACTIVE, QUOTE_WON, CLOSED)
        for operation in QUOTE_OPERATIONS
    },
    (ACTIVE, "reviseQuote"): "CLOSED: REVISED",
    (ACTIVE, "winQuote"): "WON: WON",
    (ACTIVE, "closeQuotes as lost"): "CLOSED: LOST",
    (ACTIVE, "closeQuotes as canceled"): "CLOSED: CANCELED",
    (QUOTE_WON, "reviseQuote"): "QUOTE_NOT_REVISABLE",
    (QUOTE_WON, "winQuote"): "QUOTE_NOT_ACTIVE",
    (QUOTE_WON, "closeQuotes as lost"): "QUOTE_WON",
    (QUOTE_WON, "closeQuotes as canceled"): "QUOTE_WON",
    (CLOSED, "reviseQuote"): "CLOSED: LOST",
    (CLOSED, "winQuote"): "QUOTE_NOT_ACTIVE",
    (CLOSED, "closeQuotes as lost"): "QUOTE_ALREADY_CLOSED",
    (CLOSED, "closeQuotes as canceled"): "QUOTE_ALREADY_CLOSED",
}
REFUSED_BY_CLOSED = "OPPORTUNITY_CLOSED"
# An active quote of a closed opportunity cannot be stored: see tests/db/models/test_invariants.py.
QUOTES_OF_CLOSED = {
    **{pair: code for pair, code in QUOTES_OF_OPEN.items() if pair[0] != ACTIVE},
    **{(DRAFT, operation): REFUSED_BY_CLOSED for operation in QUOTE_OPERATIONS},
    (DRAFT, "reviseQuote"): "QUOTE_NOT_REVISABLE",
    (DRAFT, "winQuote"): "QUOTE_NOT_ACTIVE",
    (CLOSED, "reviseQuote"): REFUSED_BY_CLOSED,
}


def test_every_pair_of_state_and_operation_is_in_a_table() -> None:
    assert set(OPPORTUNITIES) == set(product(OpportunityState, OPPORTUNITY_OPERATIONS))
    assert set(WITH_QUOTE) == {None, *QuoteState}
    assert set(QUOTES_OF_OPEN) == set(product(QuoteState, QUOTE_OPERATIONS))
    assert set(QUOTES_OF_CLOSED) == set(product((DRAFT, QUOTE_WON, CLOSED), QUOTE_OPERATIONS))


def test_every_mutation_is_in_a_table() -> None:
    mutations: Any = cached_schema().graphql.mutation_type
    operations = {operation.split()[0] for operation in (*OPPORTUNITY_OPERATIONS, *QUOTE_OPERATIONS)}
    assert operations | WITHOUT_STATE == set(mutations.fields)
    assert operations & WITHOUT_STATE == set()


@pytest.mark.parametrize("quote", WITH_QUOTE)
async def test_every_operation_on_an_opportunity_has_the_result_of_the_table(
    builder: OrganizationBuilder, quote: QuoteState | None
) -> None:
    expected = OPPORTUNITIES | WITH_QUOTE[quote]
    if quote == ACTIVE:
        expected = {pair: refusal for pair, refusal in expected.items() if pair[0] == OPEN}
    found = {}
    for state, operation in expected:
        opportunity_id = await builder.opportunity(state=state)
        if quote is not None:
            await builder.quote(opportunity_id, state=quote)
        refusal = await refusal_code(builder, OPPORTUNITY_OPERATIONS[operation], opportunity_id)
        found[state, operation] = refusal or await state_of(builder, "opportunity", opportunity_id)
    assert found == expected


@pytest.mark.parametrize(
    ("state", "table"), [(OPEN, QUOTES_OF_OPEN), (WON, QUOTES_OF_CLOSED), (LOST, QUOTES_OF_CLOSED)]
)
async def test_every_operation_on_a_quote_has_the_result_of_the_table(
    builder: OrganizationBuilder, state: OpportunityState, table: dict[tuple[QuoteState, str], str]
) -> None:
    found = {}
    for quote_state, operation in table:
        quote_id = await builder.quote(await builder.opportunity(state=state), state=quote_state)
        refusal = await refusal_code(builder, QUOTE_OPERATIONS[operation], quote_id)
        found[quote_state, operation] = refusal or await state_of(builder, "quote", quote_id)
    assert found == table
    revisions = [quote for quote in (await builder.dump())["quote"] if quote.revision]
    assert len(revisions) == (2 if state == OPEN else 0)  # only those that reviseQuote created


ADVISED: dict[str, str] = {
    "revise it": "reviseQuote",
    "edit it": "updateQuote",
    "activate it": "activateQuote",
    "close it": "closeQuotes as lost",
}
"""The operations that messages advise on a quote."""


@pytest.mark.parametrize(
    ("state", "table"), [(OPEN, QUOTES_OF_OPEN), (WON, QUOTES_OF_CLOSED), (LOST, QUOTES_OF_CLOSED)]
)
async def test_what_a_refusal_of_a_quote_advises_is_allowed(
    builder: OrganizationBuilder, state: OpportunityState, table: dict[tuple[QuoteState, str], str]
) -> None:
    for quote_state, operation in table:
        opportunity_id = await builder.opportunity(state=state)
        quote_id = await builder.quote(opportunity_id, state=quote_state)
        message = (await refusal_message(builder, QUOTE_OPERATIONS[operation], quote_id)).lower()
        advice = message.rpartition("; ")[2].partition(". ")[2]
        operations = [name for words, name in ADVISED.items() if words in advice]
        if "reopen" in message:
            await run(builder, OPPORTUNITY_OPERATIONS["reopenOpportunity"], opportunity_id)
            operations = operations or [operation]  # "Reopen it first."
        for each in operations:
            await run(builder, QUOTE_OPERATIONS[each], quote_id)
        leaves = ("it stays as it is.", "leave it out.")
        assert not message or operations or any(each in message for each in leaves), (quote_state, operation)


async def run(builder: OrganizationBuilder, operation: Operation, id_: UUID) -> None:
    await builder.database.write(lambda it: operation(it, builder, id_))


async def refusal_message(builder: OrganizationBuilder, operation: Operation, id_: UUID) -> str:
    """Return the message of the refusal; an empty text if the operation is allowed."""
    try:
        await run(builder, operation, id_)
    except (QuotesNotClosable, OpportunitiesNotClosable) as refusal:
        return refusal.failures[0].message
    except Refusal as refusal:
        return refusal.message
    return ""


async def refusal_code(builder: OrganizationBuilder, operation: Operation, id_: UUID) -> str | None:
    """Return the code of the refusal, after checking that nothing changed; None if it is allowed."""
    before = await builder.dump()
    try:
        await builder.database.write(lambda it: operation(it, builder, id_))
    except (QuotesNotClosable, OpportunitiesNotClosable) as refusal:
        code = refusal.failures[0].code
    except Refusal as refusal:
        code = refusal.code
    else:
        return None
    assert await builder.dump() == before
    return code


async def state_of(builder: OrganizationBuilder, table: str, id_: UUID) -> str:
    rows: list[Any] = [row for row in (await builder.dump())[table] if row.id == id_]
    if not rows:
        return "deleted"
    return f"{rows[0].state}: {rows[0].status_reason}" if table == "quote" else str(rows[0].state)
