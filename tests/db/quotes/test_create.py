import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import NotFound, OpportunityAlreadyClosed, RuleViolation
from db.domain.ids import new_id
from db.quotes.create import CreateQuote, create_quote
from db.quotes.delete import DeletedDraftQuote, delete_draft_quote
from db.quotes.transitions import ChangedQuote, QuoteRef
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


async def create(builder: OrganizationBuilder, opportunity_id: UUID, **sent: Any) -> ChangedQuote:
    draft = CreateQuote(opportunity_id=opportunity_id, **{"name": "Cranes and crew", **sent})
    return await run_operation(builder, create_quote, draft)


async def delete(builder: OrganizationBuilder, quote_id: UUID, **options: Any) -> DeletedDraftQuote:
    return await run_operation(builder, delete_draft_quote, QuoteRef(quote_id=quote_id, **options))


async def test_a_new_quote_is_an_empty_draft(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(currency_code="NOK")
    created = await create(builder, opportunity_id)
    assert (await only_row(builder, "quote"))._asdict() == {
        "organization_id": builder.organization_id,
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
    assert (await builder.dump())["quote_line"] == []


async def test_a_new_quote_does_not_change_its_opportunity(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    before = await only_row(builder, "opportunity")
    await create(builder, opportunity_id)
    assert await only_row(builder, "opportunity") == before


async def test_a_new_quote_can_have_a_number_and_effective_dates(builder: OrganizationBuilder) -> None:
    days = {"effective_from": date(2026, 12, 1), "effective_to": date(2026, 12, 1)}
    await create(builder, await builder.opportunity(), number=" 2026/7 ", **days)
    quote = await only_row(builder, "quote")
    assert (quote.number, quote.effective_from, quote.effective_to) == ("2026/7", *days.values())


async def test_a_new_quote_is_audited(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    created = await create(builder, opportunity_id)
    audit = await only_row(builder, "audit")
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
    event = await only_row(builder, "event")
    assert (event.opportunity_id, event.kind) == (opportunity_id, "QUOTE_CREATED")


async def test_a_new_quote_can_copy_the_lines_of_another_one(builder: OrganizationBuilder) -> None:
    elsewhere = await builder.opportunity(state=OpportunityState.LOST)
    source = await builder.quote(elsewhere, state=QuoteState.CLOSED, lines=({}, PROJECT_LINE))
    before = await builder.dump()

    created = await create(builder, await builder.opportunity(), copy_lines_from=source)

    tables = await builder.dump()
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


async def test_numbers_are_generated_in_sequence(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    for _ in range(3):
        await create(builder, opportunity_id)
    numbers = sorted(quote.number for quote in (await builder.dump())["quote"])
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
async def test_the_first_generated_number_follows_the_highest_stored_one(
    builder: OrganizationBuilder, there: tuple[str, ...], given: str
) -> None:
    opportunity_id = await builder.opportunity()
    for number in there:
        await builder.quote(opportunity_id, number=number)
    created = await create(builder, opportunity_id)
    numbers = {quote.id: quote.number for quote in (await builder.dump())["quote"]}
    assert numbers[created.quote_id] == given


async def test_numbers_that_callers_sent_are_skipped(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await create(builder, opportunity_id)
    for number in ("QUO-1002", "QUO-1003"):
        await create(builder, opportunity_id, number=number)
    last = await create(builder, opportunity_id)
    numbers = {quote.id: quote.number for quote in (await builder.dump())["quote"]}
    assert numbers[last.quote_id] == "QUO-1004"


async def test_quotes_that_are_created_concurrently_have_different_numbers(
    builder: OrganizationBuilder,
) -> None:
    opportunities = [await builder.opportunity() for _ in range(24)]
    await asyncio.gather(*(create(builder, each) for each in opportunities))
    numbers = sorted(quote.number for quote in (await builder.dump())["quote"])
    assert numbers == [f"QUO-{number}" for number in range(1001, 1025)]


async def test_every_organization_has_its_own_numbers(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    for each in (builder, other):
        await create(each, await each.opportunity())
    assert [quote.number for quote in (await builder.dump())["quote"]] == ["QUO-1001", "QUO-1001"]


async def test_a_number_is_unique(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, number="QUO-7", revision=2, state=QuoteState.CLOSED)
    refusal = await expect_refusal(builder, RuleViolation, create(builder, opportunity_id, number="QUO-7"))
    assert (refusal.code, refusal.path) == ("QUOTE_NUMBER_TAKEN", ("input", "number"))


async def test_one_of_concurrent_quotes_with_the_same_number_is_stored(builder: OrganizationBuilder) -> None:
    opportunities = [await builder.opportunity() for _ in range(4)]
    answers = await asyncio.gather(
        *(create(builder, each, number="2026/7") for each in opportunities), return_exceptions=True
    )
    codes = [answer.code for answer in answers if isinstance(answer, RuleViolation)]
    assert codes == 3 * ["QUOTE_NUMBER_TAKEN"]
    assert (await only_row(builder, "quote")).number == "2026/7"


@pytest.mark.parametrize("state", [OpportunityState.WON, OpportunityState.LOST])
async def test_a_closed_opportunity_gets_no_new_quote(
    builder: OrganizationBuilder, state: OpportunityState
) -> None:
    opportunity_id = await builder.opportunity(state=state)
    refusal = await expect_refusal(builder, OpportunityAlreadyClosed, create(builder, opportunity_id))
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
async def test_invalid_fields_of_a_new_quote_are_refused(
    builder: OrganizationBuilder, sent: dict[str, Any], code: str, field: str
) -> None:
    refusal = await expect_refusal(
        builder, RuleViolation, create(builder, await builder.opportunity(), **sent)
    )
    assert (refusal.code, refusal.path) == (code, ("input", field))


async def test_a_quote_in_another_currency_is_not_copied(builder: OrganizationBuilder) -> None:
    source = await builder.quote(await builder.opportunity(), number="QUO-7")
    opportunity_id = await builder.opportunity(currency_code="NOK")
    refusal = await expect_refusal(
        builder, RuleViolation, create(builder, opportunity_id, copy_lines_from=source)
    )
    assert (refusal.code, refusal.path) == ("QUOTE_IN_ANOTHER_CURRENCY", ("input", "copyLinesFrom"))
    assert refusal.message == (
        "QUO-7 rev 0 is in EUR, the opportunity in NOK. Copy a quote in the same currency."
    )


async def test_the_references_of_a_new_quote_must_exist_in_the_organization(
    builder: OrganizationBuilder,
) -> None:
    other = await OrganizationBuilder.create(builder.database)
    theirs = await other.opportunity()
    ours = await builder.opportunity()
    for missing in (new_id(), theirs):
        refusal = await expect_refusal(builder, NotFound, create(builder, missing))
        assert refusal.path == ("input", "opportunityId")
    for missing in (new_id(), await other.quote(theirs)):
        refusal = await expect_refusal(builder, NotFound, create(builder, ours, copy_lines_from=missing))
        assert refusal.path == ("input", "copyLinesFrom")


async def test_creating_again_with_the_same_key_returns_the_first_quote(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    first = await create(builder, opportunity_id, idempotency_key="monday")
    before = await builder.dump()
    assert await create(builder, opportunity_id, idempotency_key="monday") == first
    assert await builder.dump() == before


async def test_creating_again_with_the_same_key_is_refused_if_the_quote_was_deleted(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    await delete(builder, (await create(builder, opportunity_id, idempotency_key="monday")).quote_id)
    refusal = await expect_refusal(
        builder, RuleViolation, create(builder, opportunity_id, idempotency_key="monday")
    )
    assert (refusal.code, refusal.path) == ("QUOTE_DELETED", ("input", "idempotencyKey"))
