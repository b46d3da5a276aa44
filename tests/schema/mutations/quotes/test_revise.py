from decimal import Decimal

import pytest

from db.domain.enums import QuoteState
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

REVISE = """
mutation ($input: ReviseQuoteInput!) {
  reviseQuote(input: $input) {
    __typename
    ... on ReviseQuoteSuccess {
      revisedQuote { number revision state statusReason close { reason closedOn closedBy { name } } }
      draft { number revision state statusReason total { amount } lines { nodes { name } } close { id } }
    }
    ... on StaleVersionError { currentVersion node { ... on Quote { state } } }
    ... on UserError { code message path }
  }
}
"""


async def test_an_active_quote_is_replaced_by_its_next_revision(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(
        await builder.opportunity(),
        state=QuoteState.ACTIVE,
        number="QUO-7",
        lines=({"name": "Crane"}, {"name": "Cable", "unit_price": Decimal("0.50")}),
    )
    assert await mutate(builder, REVISE, quoteId=f"quo_{quote_id}", expectedVersion=1) == {
        "__typename": "ReviseQuoteSuccess",
        "revisedQuote": {
            "number": "QUO-7",
            "revision": 0,
            "state": "CLOSED",
            "statusReason": "REVISED",
            "close": {"reason": "REVISED", "closedOn": "2026-11-23", "closedBy": {"name": "Ada Quill"}},
        },
        "draft": {
            "number": "QUO-7",
            "revision": 1,
            "state": "DRAFT",
            "statusReason": "DRAFT_IN_PROGRESS",
            "total": {"amount": "1000.50"},
            "lines": {"nodes": [{"name": "Crane"}, {"name": "Cable"}]},
            "close": None,
        },
    }


async def test_revising_a_draft_is_refused(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity())
    error = await mutate_refused(builder, REVISE, quoteId=f"quo_{quote_id}")
    assert (error["__typename"], error["code"], error["path"]) == (
        "OperationError",
        "QUOTE_NOT_REVISABLE",
        ["input", "quoteId"],
    )


async def test_revising_while_another_revision_is_live_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closed = await builder.quote(opportunity_id, state=QuoteState.CLOSED, number="QUO-7")
    await builder.quote(opportunity_id, number="QUO-7", revision=1)
    error = await mutate_refused(builder, REVISE, quoteId=f"quo_{closed}")
    assert (error["code"], error["path"]) == ("ANOTHER_REVISION_LIVE", ["input", "quoteId"])


async def test_revising_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE, version=4)
    error = await mutate_refused(builder, REVISE, quoteId=f"quo_{quote_id}", expectedVersion=3)
    assert (error["__typename"], error["currentVersion"]) == ("StaleVersionError", 4)
    assert error["node"] == {"state": "ACTIVE"}


@pytest.mark.parametrize("quote_id", [f"quo_{new_id()}", "quo"])
async def test_revising_a_missing_quote_is_not_found(builder: OrganizationBuilder, quote_id: str) -> None:
    error = await mutate_refused(builder, REVISE, quoteId=quote_id)
    assert (error["__typename"], error["path"]) == ("NotFoundError", ["input", "quoteId"])
