from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import NotFound, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.quotes.win import WinQuote, WonQuote, win_quote
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import close, expect_refusal, only_row, run_operation

TODAY = date(2026, 11, 23)
LINES: tuple[dict[str, Any], ...] = (
    {"name": "Crane"},
    {
        "kind": "PROJECT",
        "name": "Crew",
        "billing_method": "TIME_AND_MATERIAL",
        "quantity": Decimal("1.50"),
        "unit_price": Decimal("0.33"),
        "not_to_exceed": Decimal("120.00"),
        "customer_budget": Decimal("99.99"),
    },
)


async def win(builder: OrganizationBuilder, quote_id: UUID, **sent: Any) -> WonQuote:
    return await run_operation(builder, win_quote, WinQuote(quote_id=quote_id, **sent))


async def states(builder: OrganizationBuilder) -> dict[UUID, tuple[str, str, int]]:
    quotes = (await builder.dump())["quote"]
    return {quote.id: (quote.state, quote.status_reason, quote.version) for quote in quotes}


async def test_winning_a_quote_closes_the_others_as_lost_and_creates_a_contract(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    won, active, draft, closed = [
        await builder.quote(opportunity_id, state=state, lines=LINES, version=3, name="Cranes")
        for state in (QuoteState.ACTIVE, QuoteState.ACTIVE, QuoteState.DRAFT, QuoteState.CLOSED)
    ]

    outcome = await win(builder, won)

    assert outcome.quote_id == won
    assert outcome.closed_quote_ids == (active, draft)
    assert await states(builder) == {
        won: ("WON", "WON", 4),
        active: ("CLOSED", "LOST", 4),
        draft: ("CLOSED", "LOST", 4),
        closed: ("CLOSED", "LOST", 3),
    }
    contract = await only_row(builder, "project_contract")
    assert contract._asdict() == {
        "organization_id": builder.organization_id,
        "id": outcome.project_contract_id,
        "quote_id": won,
        "opportunity_id": opportunity_id,
        "name": "Cranes",
        "state": "DRAFT",
        "currency_code": "EUR",
        "total": Decimal("1000.50"),
        "version": 1,
        "created_at": NOW,
    }


async def test_the_contract_has_the_lines_of_the_quote(builder: OrganizationBuilder) -> None:
    won = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE, lines=LINES)
    await win(builder, won)
    tables = await builder.dump()
    columns = (
        *("position", "kind", "name", "billing_method", "not_to_exceed", "customer_budget"),
        *("quantity", "unit_price", "currency_code", "total"),
    )

    def content(table: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(getattr(line, name) for name in columns) for line in tables[table])

    assert len(tables["project_contract_line"]) == 2
    assert content("project_contract_line") == content("quote_line")


async def test_winning_writes_a_close_activity_for_every_quote(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    won = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    later = await builder.quote(opportunity_id, created_at=datetime(2026, 11, 22, 20, tzinfo=UTC))
    await win(builder, won, closed_on=date(2026, 11, 20), description=" Signed. ")
    activities = {row.quote_id: row[3:] for row in (await builder.dump())["quote_close"]}
    assert activities == {
        won: ("WON", date(2026, 11, 20), "Signed.", builder.user_id, NOW),
        later: ("LOST", date(2026, 11, 22), None, builder.user_id, NOW),
    }


async def test_the_opportunity_stays_open_until_it_is_closed(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    before = await only_row(builder, "opportunity")
    await win(builder, await builder.quote(opportunity_id, state=QuoteState.ACTIVE, lines=LINES))
    assert await only_row(builder, "opportunity") == before
    await close(builder, opportunity_id)
    assert (await only_row(builder, "opportunity")).actual_revenue == Decimal("1000.50")


async def test_winning_has_an_audit_row_for_each_quote_and_one_event(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    won = await builder.quote(opportunity_id, state=QuoteState.ACTIVE, name="Cranes")
    lost = await builder.quote(opportunity_id)
    outcome = await win(builder, won)
    audits = (await builder.dump())["audit"]
    assert [(row.action, row.subject_id) for row in audits] == [
        ("QUOTE_CLOSED", lost),
        ("QUOTE_WON", won),
        ("PROJECT_CONTRACT_CREATED", outcome.project_contract_id),
    ]
    assert {row.opportunity_id for row in audits} == {opportunity_id}
    _, of_quote, of_contract = (orjson.loads(row.details) for row in audits)
    assert of_quote == {
        "state": ["ACTIVE", "WON"],
        "statusReason": ["ACTIVE_IN_PROGRESS", "WON"],
        "closedOn": [None, "2026-11-23"],
    }
    assert of_contract == {
        "name": [None, "Cranes"],
        "state": [None, "DRAFT"],
        "total": [None, "1000.00"],
        "quoteId": [None, str(won)],
        "lines.1.kind": [None, "PRODUCT"],
        "lines.1.name": [None, "Crane"],
        "lines.1.quantity": [None, "1.00"],
        "lines.1.unitPrice": [None, "1000.00"],
    }
    event = await only_row(builder, "event")
    assert (event.opportunity_id, event.kind) == (opportunity_id, "QUOTE_WON")


@pytest.mark.parametrize(
    ("state", "named", "advice"),
    [
        (QuoteState.DRAFT, "a draft", "Activate it first."),
        (QuoteState.WON, "won", "It stays as it is."),
        (QuoteState.CLOSED, "closed", "Revise it, or go on with its live revision."),
    ],
)
async def test_only_an_active_quote_is_won(
    builder: OrganizationBuilder, state: QuoteState, named: str, advice: str
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=state, number="QUO-7")
    refusal = await expect_refusal(builder, RuleViolation, win(builder, quote_id, expected_version=9))
    assert (refusal.code, refusal.path) == ("QUOTE_NOT_ACTIVE", ("input", "quoteId"))
    assert refusal.message == (f"QUO-7 rev 0 is {named}; only an active quote can be won. {advice}")


async def test_a_draft_of_a_closed_opportunity_is_not_won(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(state=OpportunityState.WON))
    assert (await expect_refusal(builder, RuleViolation, win(builder, quote_id))).code == "QUOTE_NOT_ACTIVE"


async def test_an_opportunity_has_one_won_quote(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.WON, number="QUO-6", revision=2)
    quote_id = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    refusal = await expect_refusal(builder, RuleViolation, win(builder, quote_id))
    assert (refusal.code, refusal.path) == ("ANOTHER_QUOTE_WON", ("input", "quoteId"))
    assert refusal.message == "QUO-6 rev 2 of the same opportunity is won already; only one can be."


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ({"closed_on": date(2026, 11, 24)}, "CLOSED_ON_IN_FUTURE", "closedOn"),
        ({"closed_on": date(2026, 10, 23)}, "CLOSED_ON_BEFORE_CREATION", "closedOn"),
        ({"description": 2_001 * "x"}, "DESCRIPTION_TOO_LONG", "description"),
    ],
)
async def test_invalid_fields_of_a_win_are_refused(
    builder: OrganizationBuilder, sent: dict[str, Any], code: str, field: str
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    refusal = await expect_refusal(builder, RuleViolation, win(builder, quote_id, **sent))
    assert (refusal.code, refusal.path) == (code, ("input", field))


async def test_a_quote_of_another_version_is_not_won(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE, version=4)
    refusal = await expect_refusal(builder, StaleVersion, win(builder, quote_id, expected_version=3))
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("quote", quote_id, 4)


async def test_a_missing_quote_is_not_won(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    for missing in (new_id(), await other.quote(await other.opportunity(), state=QuoteState.ACTIVE)):
        refusal = await expect_refusal(builder, NotFound, win(builder, missing))
        assert refusal.path == ("input", "quoteId")


async def test_winning_again_with_the_same_key_returns_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    first = await win(builder, quote_id, idempotency_key="monday")
    before = await builder.dump()
    assert await win(builder, quote_id, idempotency_key="monday") == first
    assert await builder.dump() == before
