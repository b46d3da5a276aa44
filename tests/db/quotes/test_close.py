from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState
from db.domain.errors import NotFound, QuoteFailure, QuotesNotClosable, RuleViolation
from db.domain.ids import new_id
from db.quotes.close import ClosedQuotes, CloseQuotes
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import close_all, expect_refusal, only_row

TODAY = date(2026, 11, 23)
YESTERDAY_EVENING = datetime(2026, 11, 22, 20, tzinfo=UTC)
NO_SUCH_QUOTE = "There is no quote with this id. Check the id."


async def test_all_active_and_draft_quotes_of_an_opportunity_are_closed(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE, number="QUO-2", version=3)
    draft = await builder.quote(opportunity_id, state=QuoteState.DRAFT, number="QUO-1", version=5)

    closed = await close_all(
        builder,
        of_opportunity=opportunity_id,
        reason=QuoteCloseReason.CANCELED,
        closed_on=date(2026, 11, 20),
        description=" Budget gone. ",
    )

    assert closed == ClosedQuotes((draft, active), ())
    tables = await builder.dump()
    assert [
        (quote.id, quote.state, quote.status_reason, quote.version, quote.updated_at)
        for quote in tables["quote"]
    ] == [(active, "CLOSED", "CANCELED", 4, NOW), (draft, "CLOSED", "CANCELED", 6, NOW)]
    assert [activity[2:] for activity in tables["quote_close"]] == [
        (draft, "CANCELED", date(2026, 11, 20), "Budget gone.", builder.user_id, NOW),
        (active, "CANCELED", date(2026, 11, 20), "Budget gone.", builder.user_id, NOW),
    ]


async def test_quotes_are_closed_as_lost_today_by_default(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    await close_all(builder, ids=(quote_id,))
    activity = await only_row(builder, "quote_close")
    assert (activity.reason, activity.closed_on, activity.description) == ("LOST", TODAY, None)
    assert (await only_row(builder, "quote")).status_reason == "LOST"


async def test_closing_quotes_does_not_change_their_opportunity(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    before = await only_row(builder, "opportunity")
    await close_all(builder, of_opportunity=opportunity_id)
    assert await only_row(builder, "opportunity") == before


async def test_each_quote_is_audited_and_each_opportunity_has_one_event(builder: OrganizationBuilder) -> None:
    opportunities = [await builder.opportunity(), await builder.opportunity()]
    quotes = [
        await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
        for opportunity_id in (*opportunities, opportunities[0])
    ]

    await close_all(builder, ids=tuple(quotes))

    tables = await builder.dump()
    assert [(row.action, row.subject_id, row.user_id, row.at) for row in tables["audit"]] == [
        ("QUOTE_CLOSED", quote_id, builder.user_id, NOW) for quote_id in quotes
    ]
    assert orjson.loads(tables["audit"][0].details) == {
        "state": ["ACTIVE", "CLOSED"],
        "statusReason": ["ACTIVE_IN_PROGRESS", "LOST"],
        "closedOn": [None, "2026-11-23"],
    }
    assert [row.opportunity_id for row in tables["audit"]] == [*opportunities, opportunities[0]]
    assert [event[-4:] for event in tables["event"]] == [
        (builder.organization_id, opportunity_id, "QUOTES_CLOSED", NOW) for opportunity_id in opportunities
    ]


@pytest.mark.parametrize("state", [QuoteState.WON, QuoteState.CLOSED])
async def test_an_opportunity_without_active_and_draft_quotes_has_none_to_close(
    builder: OrganizationBuilder, state: QuoteState
) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=state)
    before = await builder.dump()
    assert await close_all(builder, of_opportunity=opportunity_id) == ClosedQuotes((), ())
    assert await builder.dump() == before


async def test_a_quote_that_is_sent_twice_counts_once(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity())
    assert await close_all(builder, ids=101 * (quote_id,)) == ClosedQuotes((quote_id,), ())
    assert (await only_row(builder, "quote_close")).quote_id == quote_id


async def test_the_failure_of_a_quote_that_is_sent_twice_has_the_first_path(
    builder: OrganizationBuilder,
) -> None:
    missing = new_id()
    closed = await close_all(builder, ids=(new_id(), missing, missing), close_others=True)
    assert [failure.path[3] for failure in closed.failures] == ["0", "1"]


async def test_a_missing_opportunity_is_not_found(builder: OrganizationBuilder) -> None:
    refusal = await expect_refusal(builder, NotFound, close_all(builder, of_opportunity=new_id()))
    assert refusal.path == ("input", "quotes", "ofOpportunity")


async def test_an_opportunity_of_another_organization_is_not_found(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    opportunity_id = await other.opportunity()
    await other.quote(opportunity_id, state=QuoteState.ACTIVE)
    missing = await expect_refusal(builder, NotFound, close_all(builder, of_opportunity=new_id()))
    hidden = await expect_refusal(builder, NotFound, close_all(builder, of_opportunity=opportunity_id))
    assert (hidden.message, hidden.path) == (missing.message, missing.path)


async def failure_of_another_quote(
    builder: OrganizationBuilder, quote_id: Any, **closing: Any
) -> QuoteFailure:
    """Return the failure of a quote, sent with one that can be closed; both policies report it."""
    closable = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    ids = (closable, quote_id)
    refusal = await expect_refusal(builder, QuotesNotClosable, close_all(builder, ids=ids, **closing))
    assert refusal.path == ("input", "quotes", "ids")
    before = await builder.dump()

    closed = await close_all(builder, ids=ids, close_others=True, **closing)

    assert closed == ClosedQuotes((closable,), refusal.failures)
    after = await builder.dump()
    assert {quote.id for quote in after["quote"] if quote not in before["quote"]} == {closable}
    [failure] = refusal.failures
    assert failure.path == ("input", "quotes", "ids", "1")
    return failure


async def test_a_missing_quote_is_a_failure_without_a_quote(builder: OrganizationBuilder) -> None:
    failure = await failure_of_another_quote(builder, new_id())
    assert (failure.quote_id, failure.code, failure.message) == (None, "NOT_FOUND", NO_SUCH_QUOTE)


async def test_a_quote_of_another_organization_is_not_found(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    hidden = await other.quote(await other.opportunity(), state=QuoteState.ACTIVE)
    failure = await failure_of_another_quote(builder, hidden)
    assert (failure.quote_id, failure.code, failure.message) == (None, "NOT_FOUND", NO_SUCH_QUOTE)


@pytest.mark.parametrize(
    ("state", "code", "message"),
    [
        (QuoteState.CLOSED, "QUOTE_ALREADY_CLOSED", "QUO-7 rev 2 is already closed. Leave it out."),
        (QuoteState.WON, "QUOTE_WON", "QUO-7 rev 2 is won and stays so. Leave it out."),
    ],
)
async def test_a_quote_is_closed_once(
    builder: OrganizationBuilder, state: QuoteState, code: str, message: str
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=state, number="QUO-7", revision=2)
    failure = await failure_of_another_quote(builder, quote_id)
    assert (failure.quote_id, failure.code, failure.message) == (quote_id, code, message)


@pytest.mark.parametrize("state", [OpportunityState.WON, OpportunityState.LOST])
async def test_a_draft_of_a_closed_opportunity_cannot_be_closed(
    builder: OrganizationBuilder, state: OpportunityState
) -> None:
    quote_id = await builder.quote(await builder.opportunity(state=state), number="QUO-7")
    failure = await failure_of_another_quote(builder, quote_id)
    assert (failure.quote_id, failure.code) == (quote_id, "OPPORTUNITY_CLOSED")
    assert failure.message == (
        f"The opportunity of QUO-7 rev 0 is closed as {state.lower()}. Reopen it first."
    )


async def test_a_quote_cannot_be_closed_before_it_was_created(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), number="QUO-7", created_at=YESTERDAY_EVENING)
    failure = await failure_of_another_quote(builder, quote_id, closed_on=date(2026, 11, 21))
    assert (failure.quote_id, failure.code) == (quote_id, "CLOSED_ON_BEFORE_CREATION")
    assert failure.message == (
        "QUO-7 rev 0 was created on 2026-11-22, after 2026-11-21. Send that day or a later one."
    )


async def test_a_quote_can_be_closed_on_the_day_it_was_created(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), created_at=YESTERDAY_EVENING)
    await close_all(builder, ids=(quote_id,), closed_on=date(2026, 11, 22))
    assert (await only_row(builder, "quote_close")).closed_on == date(2026, 11, 22)


async def test_the_quotes_of_a_closed_opportunity_are_reported(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    quote_id = await builder.quote(opportunity_id, state=QuoteState.DRAFT)
    refusal = await expect_refusal(
        builder, QuotesNotClosable, close_all(builder, of_opportunity=opportunity_id)
    )
    assert refusal.path == ("input", "quotes", "ofOpportunity")
    assert [(failure.quote_id, failure.code, failure.path) for failure in refusal.failures] == [
        (quote_id, "OPPORTUNITY_CLOSED", ("input", "quotes", "ofOpportunity"))
    ]


async def test_all_quotes_or_none_are_closed_by_default(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    older = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    newer = await builder.quote(opportunity_id, created_at=YESTERDAY_EVENING)
    sent: dict[str, Any] = {"of_opportunity": opportunity_id, "closed_on": date(2026, 11, 21)}

    refusal = await expect_refusal(builder, QuotesNotClosable, close_all(builder, **sent))
    assert [failure.quote_id for failure in refusal.failures] == [newer]
    assert refusal.message == (
        "1 quote can't be closed, so none was. Do what failures says, or send onFailure: CLOSE_OTHERS."
    )
    assert await close_all(builder, **sent, close_others=True) == ClosedQuotes((older,), refusal.failures)


async def test_100_quotes_can_be_sent(builder: OrganizationBuilder) -> None:
    ids = tuple(new_id() for _ in range(100))
    closed = await close_all(builder, ids=ids, close_others=True)
    assert closed.closed_quote_ids == ()
    assert [failure.path[3] for failure in closed.failures] == [str(index) for index in range(100)]


@pytest.mark.parametrize(("number", "code"), [(0, "NO_QUOTES"), (101, "TOO_MANY_QUOTES")])
async def test_no_quotes_and_more_than_100_are_refused(
    builder: OrganizationBuilder, number: int, code: str
) -> None:
    ids = tuple(new_id() for _ in range(number))
    refusal = await expect_refusal(builder, RuleViolation, close_all(builder, ids=ids))
    assert (refusal.code, refusal.path) == (code, ("input", "quotes", "ids"))


async def test_quotes_cannot_be_closed_in_the_future(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    closing = close_all(
        builder, of_opportunity=opportunity_id, closed_on=date(2026, 11, 24), close_others=True
    )
    refusal = await expect_refusal(builder, RuleViolation, closing)
    assert (refusal.code, refusal.path) == ("CLOSED_ON_IN_FUTURE", ("input", "closedOn"))


async def test_the_description_of_a_closing_has_a_maximum_length(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closing = close_all(builder, of_opportunity=opportunity_id, description=2_001 * "x")
    refusal = await expect_refusal(builder, RuleViolation, closing)
    assert (refusal.code, refusal.path) == ("DESCRIPTION_TOO_LONG", ("input", "description"))


@pytest.mark.parametrize("named", [{}, {"of_opportunity": new_id(), "ids": (new_id(),)}])
def test_either_an_opportunity_or_quotes_are_sent(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Name either an opportunity or quotes\."):
        CloseQuotes(**named)
