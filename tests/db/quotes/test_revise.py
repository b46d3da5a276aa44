from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import OpportunityState, QuoteState, QuoteStatusReason
from db.domain.errors import NotFound, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.quotes.delete import delete_draft_quote
from db.quotes.revise import RevisedQuote, revise_quote
from db.quotes.transitions import QuoteRef
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import activate, expect_refusal, only_row, run_operation

TODAY = date(2026, 11, 23)


async def revise(builder: OrganizationBuilder, quote_id: UUID, **options: Any) -> RevisedQuote:
    return await run_operation(builder, revise_quote, QuoteRef(quote_id=quote_id, **options))


async def quotes(builder: OrganizationBuilder) -> dict[UUID, Any]:
    return {quote.id: quote for quote in (await builder.dump())["quote"]}


async def test_an_active_quote_is_closed_as_revised_and_replaced_by_a_draft(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    columns: dict[str, Any] = {
        "lines": ({}, {"unit_price": Decimal("0.30")}),
        "name": "Cranes",
        "effective_from": TODAY,
        "effective_to": date(2026, 12, 31),
    }
    active = await builder.quote(
        opportunity_id, state=QuoteState.ACTIVE, number="QUO-7", version=3, **columns
    )
    before = (await quotes(builder))[active]

    revised = await revise(builder, active)

    assert revised.quote_id == active
    after = await quotes(builder)
    assert after[active] == before._replace(
        state="CLOSED", status_reason="REVISED", version=4, updated_at=NOW, active_parent=None
    )
    assert after[revised.draft_id] == before._replace(
        id=revised.draft_id,
        revision=1,
        state="DRAFT",
        status_reason="DRAFT_IN_PROGRESS",
        version=1,
        created_at=NOW,
        updated_at=NOW,
        active_parent=None,
    )
    activity = await only_row(builder, "quote_close")
    assert activity[2:] == (active, "REVISED", TODAY, None, builder.user_id, NOW)


async def test_the_lines_of_the_new_revision_are_equal(builder: OrganizationBuilder) -> None:
    lines = (
        {"name": "Crane"},
        {
            "kind": "PROJECT",
            "name": "Crew",
            "billing_method": "TIME_AND_MATERIAL",
            "not_to_exceed": Decimal("120.00"),
            "customer_budget": Decimal("99.99"),
        },
    )
    active = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE, lines=lines)
    revised = await revise(builder, active)
    stored = (await builder.dump())["quote_line"]
    old, new = ([line for line in stored if line.quote_id == each] for each in (active, revised.draft_id))
    assert len(old) == 2
    assert [line._replace(id=None) for line in new] == [
        line._replace(id=None, quote_id=revised.draft_id) for line in old
    ]
    assert {line.id for line in old}.isdisjoint(line.id for line in new)


async def test_a_closed_quote_is_revised_and_does_not_change(builder: OrganizationBuilder) -> None:
    closed = await builder.quote(
        await builder.opportunity(),
        state=QuoteState.CLOSED,
        status_reason=QuoteStatusReason.CANCELED,
        number="QUO-7",
    )
    before = await builder.dump()
    revised = await revise(builder, closed)
    after = await quotes(builder)
    assert after[closed] == before["quote"][0]
    assert (await builder.dump())["quote_close"] == before["quote_close"]
    draft = after[revised.draft_id]
    assert (draft.number, draft.revision, draft.state) == ("QUO-7", 1, "DRAFT")


async def test_the_next_revision_follows_the_highest_one(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    first, *_ = [
        await builder.quote(opportunity_id, state=QuoteState.CLOSED, number="QUO-7", revision=revision)
        for revision in (0, 1, 4)
    ]
    revised = await revise(builder, first)
    assert (await quotes(builder))[revised.draft_id].revision == 5


async def test_a_revision_has_an_audit_row_for_each_quote_and_one_event(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE, number="QUO-7")
    revised = await revise(builder, active)
    tables = await builder.dump()
    assert [(row.action, row.subject_id, row.opportunity_id) for row in tables["audit"]] == [
        ("QUOTE_REVISED", active, opportunity_id),
        ("QUOTE_CREATED", revised.draft_id, opportunity_id),
    ]
    closed, created = (orjson.loads(row.details) for row in tables["audit"])
    assert closed == {
        "state": ["ACTIVE", "CLOSED"],
        "statusReason": ["ACTIVE_IN_PROGRESS", "REVISED"],
        "closedOn": [None, "2026-11-23"],
    }
    assert (created["number"], created["revision"]) == ([None, "QUO-7"], [None, "1"])
    assert (await only_row(builder, "event")).kind == "QUOTE_REVISED"


async def test_revisions_can_follow_each_other(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE, number="QUO-7")
    for _ in range(3):
        quote_id = (await revise(builder, quote_id)).draft_id
        await activate(builder, quote_id)
    stored = sorted((quote.revision, quote.state) for quote in (await quotes(builder)).values())
    assert stored == [(0, "CLOSED"), (1, "CLOSED"), (2, "CLOSED"), (3, "ACTIVE")]


@pytest.mark.parametrize(
    ("state", "named", "advice"),
    [(QuoteState.DRAFT, "a draft", "Edit it instead."), (QuoteState.WON, "won", "It stays as it is.")],
)
async def test_a_draft_or_a_won_quote_is_not_revised(
    builder: OrganizationBuilder, state: QuoteState, named: str, advice: str
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=state, number="QUO-7")
    refusal = await expect_refusal(builder, RuleViolation, revise(builder, quote_id, expected_version=9))
    assert (refusal.code, refusal.path) == ("QUOTE_NOT_REVISABLE", ("input", "quoteId"))
    assert refusal.message == (
        f"QUO-7 rev 0 is {named}; only an active or a closed quote can be revised. {advice}"
    )


@pytest.mark.parametrize("state", [QuoteState.DRAFT, QuoteState.ACTIVE])
async def test_a_number_has_one_live_revision(builder: OrganizationBuilder, state: QuoteState) -> None:
    opportunity_id = await builder.opportunity()
    closed = await builder.quote(opportunity_id, state=QuoteState.CLOSED, number="QUO-7")
    await builder.quote(opportunity_id, state=state, number="QUO-7", revision=1)
    refusal = await expect_refusal(builder, RuleViolation, revise(builder, closed))
    assert (refusal.code, refusal.path) == ("ANOTHER_REVISION_LIVE", ("input", "quoteId"))
    assert refusal.message == (
        f"QUO-7 rev 1 is {state.lower()}, and a number has one live revision. Go on with that one."
    )


async def test_a_quote_of_a_closed_opportunity_is_not_revised(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.LOST)
    quote_id = await builder.quote(opportunity_id, state=QuoteState.CLOSED)
    refusal = await expect_refusal(builder, RuleViolation, revise(builder, quote_id))
    assert (refusal.code, refusal.path) == ("OPPORTUNITY_CLOSED", ("input", "quoteId"))


async def test_a_quote_of_another_version_is_not_revised(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE, version=4)
    refusal = await expect_refusal(builder, StaleVersion, revise(builder, quote_id, expected_version=3))
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("quote", quote_id, 4)


async def test_a_missing_quote_is_not_revised(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    for missing in (new_id(), await other.quote(await other.opportunity(), state=QuoteState.ACTIVE)):
        refusal = await expect_refusal(builder, NotFound, revise(builder, missing))
        assert refusal.path == ("input", "quoteId")


async def test_revising_again_with_the_same_key_returns_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    first = await revise(builder, quote_id, idempotency_key="monday")
    before = await builder.dump()
    assert await revise(builder, quote_id, idempotency_key="monday") == first
    assert await builder.dump() == before


async def test_revising_again_with_the_same_key_is_refused_if_the_draft_was_deleted(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    draft_id = (await revise(builder, quote_id, idempotency_key="monday")).draft_id
    await run_operation(builder, delete_draft_quote, QuoteRef(quote_id=draft_id))
    refusal = await expect_refusal(
        builder, RuleViolation, revise(builder, quote_id, idempotency_key="monday")
    )
    assert refusal.code == "QUOTE_DELETED"
