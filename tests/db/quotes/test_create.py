import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import NotFound, OpportunityAlreadyClosed, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.quotes.create import CreateQuote, DeletedDraftQuote, create_quote, delete_draft_quote
from db.quotes.transitions import ChangedQuote, QuoteRef
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation

PROJECT_LINE = {
    "kind": "PROJECT",
    "name": "Engineering",
    "billing_method": "TIME_AND_MATERIAL",
    "quantity": Decimal("2.50"),
    "unit_price": Decimal("99.99"),
    "not_to_exceed": Decimal("300.00"),
    "customer_budget": Decimal("250.00"),
}


@pytest.fixture
async def deals(database: Database) -> OrganizationBuilder:
    return await OrganizationBuilder.create(database)


async def create(deals: OrganizationBuilder, opportunity_id: UUID, **sent: Any) -> ChangedQuote:
    draft = CreateQuote(opportunity_id=opportunity_id, **{"name": "Cranes and crew", **sent})
    return await run_operation(deals, create_quote, draft)


async def delete(deals: OrganizationBuilder, quote_id: UUID, **options: Any) -> DeletedDraftQuote:
    return await run_operation(deals, delete_draft_quote, QuoteRef(quote_id=quote_id, **options))


async def test_a_new_quote_is_an_empty_draft(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity(currency_code="NOK")
    created = await create(deals, opportunity_id)
    assert (await only_row(deals, "quote"))._asdict() == {
        "organization_id": deals.organization_id,
        "id": created.quote_id,
        "opportunity_id": opportunity_id,
        "number": "QUO-1001",
        "revision": 0,
        "name": "Cranes and crew",
        "state": "DRAFT",
        "status_reason": "DRAFT_IN_PROGRESS",
        "currency_code": "NOK",
        "total": Decimal("0.00"),
        "effective_from": None,
        "effective_to": None,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "active_parent": None,
    }
    assert (await deals.dump())["quote_line"] == []


async def test_a_new_quote_leaves_its_opportunity_as_it_is(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    before = await only_row(deals, "opportunity")
    await create(deals, opportunity_id)
    assert await only_row(deals, "opportunity") == before


async def test_a_new_quote_can_have_a_number_and_days_of_its_own(deals: OrganizationBuilder) -> None:
    days = {"effective_from": date(2026, 12, 1), "effective_to": date(2026, 12, 1)}
    await create(deals, await deals.opportunity(), number=" 2026/7 ", **days)
    quote = await only_row(deals, "quote")
    assert (quote.number, quote.effective_from, quote.effective_to) == ("2026/7", *days.values())


async def test_a_new_quote_is_audited(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    created = await create(deals, opportunity_id)
    audit = await only_row(deals, "audit")
    assert (audit.action, audit.subject_id, audit.opportunity_id) == (
        "QUOTE_CREATED",
        created.quote_id,
        opportunity_id,
    )
    assert orjson.loads(audit.details) == {
        "number": [None, "QUO-1001"],
        "revision": [None, "0"],
        "name": [None, "Cranes and crew"],
        "state": [None, "DRAFT"],
        "statusReason": [None, "DRAFT_IN_PROGRESS"],
        "total": [None, "0.00"],
    }
    event = await only_row(deals, "event")
    assert (event.opportunity_id, event.kind) == (opportunity_id, "QUOTE_CREATED")


async def test_a_new_quote_can_copy_the_lines_of_another_one(deals: OrganizationBuilder) -> None:
    elsewhere = await deals.opportunity(state=OpportunityState.LOST)
    source = await deals.quote(elsewhere, state=QuoteState.CLOSED, lines=({}, PROJECT_LINE))
    before = await deals.dump()

    created = await create(deals, await deals.opportunity(), copy_lines_from=source)

    tables = await deals.dump()
    copies = [line for line in tables["quote_line"] if line.quote_id == created.quote_id]
    originals = before["quote_line"]
    assert [line for line in tables["quote_line"] if line.quote_id == source] == originals
    assert [line._replace(id=None) for line in copies] == [
        line._replace(id=None, quote_id=created.quote_id) for line in originals
    ]
    [quote] = [quote for quote in tables["quote"] if quote.id == created.quote_id]
    assert quote.total == Decimal("1249.98")
    details = orjson.loads(tables["audit"][0].details)
    assert details["total"] == [None, "1249.98"]
    assert details["lines.2.billingMethod"] == [None, "TIME_AND_MATERIAL"]


async def test_numbers_are_given_in_turn(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    for _ in range(3):
        await create(deals, opportunity_id)
    numbers = sorted(quote.number for quote in (await deals.dump())["quote"])
    assert numbers == ["QUO-1001", "QUO-1002", "QUO-1003"]


@pytest.mark.parametrize(
    ("there", "given"),
    [
        (("QUO-9", "QUO-1043", "QUO-1042"), "QUO-1044"),
        (("CRM-5000", "QUO-7000A", "QUO-", "quo-8000"), "QUO-1001"),
        (("QUO-999999999",), "QUO-1000000000"),
        (("QUO-12345678901234567890", "QUO-5"), "QUO-6"),
    ],
)
async def test_the_first_number_given_follows_the_highest_one_there(
    deals: OrganizationBuilder, there: tuple[str, ...], given: str
) -> None:
    opportunity_id = await deals.opportunity()
    for number in there:
        await deals.quote(opportunity_id, number=number)
    created = await create(deals, opportunity_id)
    numbers = {quote.id: quote.number for quote in (await deals.dump())["quote"]}
    assert numbers[created.quote_id] == given


async def test_numbers_that_a_caller_has_brought_are_passed_over(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    await create(deals, opportunity_id)
    for number in ("QUO-1002", "QUO-1003"):
        await create(deals, opportunity_id, number=number)
    last = await create(deals, opportunity_id)
    numbers = {quote.id: quote.number for quote in (await deals.dump())["quote"]}
    assert numbers[last.quote_id] == "QUO-1004"


async def test_quotes_created_at_the_same_time_get_numbers_of_their_own(deals: OrganizationBuilder) -> None:
    opportunities = [await deals.opportunity() for _ in range(24)]
    await asyncio.gather(*(create(deals, each) for each in opportunities))
    numbers = sorted(quote.number for quote in (await deals.dump())["quote"])
    assert numbers == [f"QUO-{number}" for number in range(1001, 1025)]


async def test_every_organization_has_numbers_of_its_own(deals: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(deals.database)
    for each in (deals, other):
        await create(each, await each.opportunity())
    assert [quote.number for quote in (await deals.dump())["quote"]] == ["QUO-1001", "QUO-1001"]


async def test_a_number_is_sent_only_once(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    await deals.quote(opportunity_id, number="QUO-7", revision=2, state=QuoteState.CLOSED)
    refusal = await expect_refusal(deals, RuleViolation, create(deals, opportunity_id, number="QUO-7"))
    assert (refusal.code, refusal.path) == ("QUOTE_NUMBER_TAKEN", ("input", "number"))


async def test_of_twins_with_one_number_one_is_refused(deals: OrganizationBuilder) -> None:
    opportunities = [await deals.opportunity() for _ in range(4)]
    answers = await asyncio.gather(
        *(create(deals, each, number="2026/7") for each in opportunities), return_exceptions=True
    )
    codes = [answer.code for answer in answers if isinstance(answer, RuleViolation)]
    assert codes == 3 * ["QUOTE_NUMBER_TAKEN"]
    assert (await only_row(deals, "quote")).number == "2026/7"


@pytest.mark.parametrize("state", [OpportunityState.WON, OpportunityState.LOST])
async def test_a_closed_opportunity_gets_no_new_quote(
    deals: OrganizationBuilder, state: OpportunityState
) -> None:
    opportunity_id = await deals.opportunity(state=state)
    refusal = await expect_refusal(deals, OpportunityAlreadyClosed, create(deals, opportunity_id))
    assert (refusal.opportunity_id, refusal.path) == (opportunity_id, ("input", "opportunityId"))


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ({"name": ""}, "NAME_EMPTY", "name"),
        ({"name": 201 * "x"}, "NAME_TOO_LONG", "name"),
        ({"number": " "}, "NUMBER_EMPTY", "number"),
        ({"number": "7\0"}, "NUMBER_WITH_NUL", "number"),
        (
            {"effective_from": date(2026, 12, 2), "effective_to": date(2026, 12, 1)},
            "EFFECTIVE_DATES_REVERSED",
            "effectiveTo",
        ),
    ],
)
async def test_a_new_quote_keeps_within_the_limits(
    deals: OrganizationBuilder, sent: dict[str, Any], code: str, field: str
) -> None:
    refusal = await expect_refusal(deals, RuleViolation, create(deals, await deals.opportunity(), **sent))
    assert (refusal.code, refusal.path) == (code, ("input", field))


async def test_a_quote_in_another_currency_is_not_copied(deals: OrganizationBuilder) -> None:
    source = await deals.quote(await deals.opportunity(), number="QUO-7")
    opportunity_id = await deals.opportunity(currency_code="NOK")
    refusal = await expect_refusal(
        deals, RuleViolation, create(deals, opportunity_id, copy_lines_from=source)
    )
    assert (refusal.code, refusal.path) == ("QUOTE_IN_ANOTHER_CURRENCY", ("input", "copyLinesFrom"))
    assert refusal.message == (
        "QUO-7 rev 0 is in EUR, the opportunity in NOK. Copy a quote in the same currency."
    )


async def test_what_a_new_quote_names_must_exist_in_the_organization(deals: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(deals.database)
    theirs = await other.opportunity()
    ours = await deals.opportunity()
    for missing in (new_id(), theirs):
        refusal = await expect_refusal(deals, NotFound, create(deals, missing))
        assert refusal.path == ("input", "opportunityId")
    for missing in (new_id(), await other.quote(theirs)):
        refusal = await expect_refusal(deals, NotFound, create(deals, ours, copy_lines_from=missing))
        assert refusal.path == ("input", "copyLinesFrom")


async def test_creating_again_with_its_key_answers_the_first_quote(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    first = await create(deals, opportunity_id, idempotency_key="monday")
    before = await deals.dump()
    assert await create(deals, opportunity_id, idempotency_key="monday") == first
    assert await deals.dump() == before


async def test_creating_again_with_its_key_does_not_bring_a_deleted_quote_back(
    deals: OrganizationBuilder,
) -> None:
    opportunity_id = await deals.opportunity()
    await delete(deals, (await create(deals, opportunity_id, idempotency_key="monday")).quote_id)
    refusal = await expect_refusal(
        deals, RuleViolation, create(deals, opportunity_id, idempotency_key="monday")
    )
    assert (refusal.code, refusal.path) == ("QUOTE_DELETED", ("input", "idempotencyKey"))


async def test_a_deleted_draft_is_gone_with_its_lines_and_stays_in_the_history(
    deals: OrganizationBuilder,
) -> None:
    opportunity_id = await deals.opportunity()
    quote_id = await deals.quote(opportunity_id, number="QUO-7", lines=({}, PROJECT_LINE))

    assert await delete(deals, quote_id) == DeletedDraftQuote(quote_id, opportunity_id)

    tables = await deals.dump()
    assert (tables["quote"], tables["quote_line"]) == ([], [])
    audit = await only_row(deals, "audit")
    assert (audit.action, audit.subject_id, audit.opportunity_id) == (
        "QUOTE_DELETED",
        quote_id,
        opportunity_id,
    )
    details = orjson.loads(audit.details)
    assert details["number"] == ["QUO-7", None]
    assert details["total"] == ["1249.98", None]
    assert details["lines.2.name"] == ["Engineering", None]
    assert (await only_row(deals, "event")).kind == "QUOTE_DELETED"


@pytest.mark.parametrize("state", [QuoteState.ACTIVE, QuoteState.WON, QuoteState.CLOSED])
async def test_only_a_draft_is_deleted(deals: OrganizationBuilder, state: QuoteState) -> None:
    quote_id = await deals.quote(await deals.opportunity(), state=state, number="QUO-7")
    refusal = await expect_refusal(deals, RuleViolation, delete(deals, quote_id, expected_version=9))
    assert (refusal.code, refusal.path) == ("QUOTE_NOT_DRAFT", ("input", "quoteId"))
    assert refusal.message == (
        f"QUO-7 rev 0 is {state.lower()}; only a draft can be deleted. Close it instead, or leave it."
    )


async def test_a_draft_of_a_closed_opportunity_is_not_deleted(deals: OrganizationBuilder) -> None:
    quote_id = await deals.quote(await deals.opportunity(state=OpportunityState.LOST))
    refusal = await expect_refusal(deals, RuleViolation, delete(deals, quote_id))
    assert (refusal.code, refusal.path) == ("OPPORTUNITY_CLOSED", ("input", "quoteId"))


async def test_a_draft_of_another_version_is_not_deleted(deals: OrganizationBuilder) -> None:
    quote_id = await deals.quote(await deals.opportunity(), version=4)
    refusal = await expect_refusal(deals, StaleVersion, delete(deals, quote_id, expected_version=3))
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("quote", quote_id, 4)


async def test_a_missing_quote_is_not_deleted(deals: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(deals.database)
    for missing in (new_id(), await other.quote(await other.opportunity())):
        refusal = await expect_refusal(deals, NotFound, delete(deals, missing))
        assert refusal.path == ("input", "quoteId")


async def test_deleting_again_with_its_key_answers_the_first_outcome(deals: OrganizationBuilder) -> None:
    quote_id = await deals.quote(await deals.opportunity())
    first = await delete(deals, quote_id, idempotency_key="monday")
    before = await deals.dump()
    assert await delete(deals, quote_id, idempotency_key="monday") == first
    assert await deals.dump() == before
