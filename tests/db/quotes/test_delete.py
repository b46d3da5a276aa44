from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.errors import NotFound, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.quotes.delete import DeletedDraftQuote, delete_draft_quote
from db.quotes.transitions import QuoteRef
from tests.builders import OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation
from tests.db.quotes.test_create import PROJECT_LINE


async def delete(builder: OrganizationBuilder, quote_id: UUID, **options: Any) -> DeletedDraftQuote:
    return await run_operation(builder, delete_draft_quote, QuoteRef(quote_id=quote_id, **options))


async def test_a_draft_is_deleted_with_its_lines_and_stays_in_the_audit_log(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    quote_id = await builder.quote(opportunity_id, number="QUO-7", lines=({}, PROJECT_LINE))

    assert await delete(builder, quote_id) == DeletedDraftQuote(quote_id, opportunity_id)

    tables = await builder.dump()
    assert (tables["quote"], tables["quote_line"]) == ([], [])
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id, audit.opportunity_id) == (
        "QUOTE_DELETED",
        quote_id,
        opportunity_id,
    )
    details = orjson.loads(audit.details)
    assert details["number"] == ["QUO-7", None]
    assert details["total"] == ["1249.98", None]
    assert details["lines.2.name"] == ["Engineering", None]
    assert (await only_row(builder, "event")).kind == "QUOTE_DELETED"


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (QuoteState.ACTIVE, "Close it instead."),
        (QuoteState.WON, "It stays as it is."),
        (QuoteState.CLOSED, "It stays as it is."),
    ],
)
async def test_only_a_draft_is_deleted(builder: OrganizationBuilder, state: QuoteState, advice: str) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=state, number="QUO-7")
    refusal = await expect_refusal(builder, RuleViolation, delete(builder, quote_id, expected_version=9))
    assert (refusal.code, refusal.path) == ("QUOTE_NOT_DRAFT", ("input", "quoteId"))
    assert refusal.message == (f"QUO-7 rev 0 is {state.lower()}; only a draft can be deleted. {advice}")


async def test_a_draft_of_a_closed_opportunity_is_not_deleted(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(state=OpportunityState.LOST))
    refusal = await expect_refusal(builder, RuleViolation, delete(builder, quote_id))
    assert (refusal.code, refusal.path) == ("OPPORTUNITY_CLOSED", ("input", "quoteId"))


async def test_a_draft_of_another_version_is_not_deleted(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), version=4)
    refusal = await expect_refusal(builder, StaleVersion, delete(builder, quote_id, expected_version=3))
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("quote", quote_id, 4)


async def test_a_missing_quote_is_not_deleted(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    for missing in (new_id(), await other.quote(await other.opportunity())):
        refusal = await expect_refusal(builder, NotFound, delete(builder, missing))
        assert refusal.path == ("input", "quoteId")


async def test_deleting_again_with_the_same_key_returns_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await builder.quote(await builder.opportunity())
    first = await delete(builder, quote_id, idempotency_key="monday")
    before = await builder.dump()
    assert await delete(builder, quote_id, idempotency_key="monday") == first
    assert await builder.dump() == before
