from typing import Any

import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

ACTIVATE = """
mutation ($input: ActivateQuoteInput!) {
  activateQuote(input: $input) {
    __typename
    ... on ActivateQuoteSuccess {
      quote { state statusReason version opportunity { closing { canClose } } }
    }
    ... on StaleVersionError { currentVersion node { __typename ... on Quote { number version } } }
    ... on UserError { code message path }
  }
}
"""


async def test_an_activated_quote_blocks_closing_its_opportunity(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity())
    assert await mutate(builder, ACTIVATE, quoteId=f"quo_{quote_id}", expectedVersion=1) == {
        "__typename": "ActivateQuoteSuccess",
        "quote": {
            "state": "ACTIVE",
            "statusReason": "ACTIVE_IN_PROGRESS",
            "version": 2,
            "opportunity": {"closing": {"canClose": False}},
        },
    }


async def test_activating_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), number="QUO-7", version=4)
    assert await mutate_refused(builder, ACTIVATE, quoteId=f"quo_{quote_id}", expectedVersion=3) == {
        "__typename": "StaleVersionError",
        "currentVersion": 4,
        "node": {"__typename": "Quote", "number": "QUO-7", "version": 4},
        "code": "STALE_VERSION",
        "message": "The quote is at version 4, you expected 3: read it again, then decide.",
        "path": ["input", "expectedVersion"],
    }


@pytest.mark.parametrize(
    ("opportunity", "quote", "code"),
    [
        ({}, {"state": QuoteState.ACTIVE}, "QUOTE_NOT_DRAFT"),
        ({}, {"lines": ()}, "QUOTE_WITHOUT_LINES"),
        ({"state": OpportunityState.LOST}, {}, "OPPORTUNITY_CLOSED"),
    ],
)
async def test_only_a_draft_with_lines_on_an_open_opportunity_can_be_activated(
    builder: OrganizationBuilder, opportunity: dict[str, Any], quote: dict[str, Any], code: str
) -> None:
    quote_id = await builder.quote(await builder.opportunity(**opportunity), **quote)
    error = await mutate_refused(builder, ACTIVATE, quoteId=f"quo_{quote_id}")
    assert (error["__typename"], error["code"]) == ("OperationError", code)
    assert error["path"] == ["input", "quoteId"]


@pytest.mark.parametrize("quote_id", [f"quo_{new_id()}", "7", f"opp_{new_id()}"])
async def test_activating_a_missing_quote_is_not_found(builder: OrganizationBuilder, quote_id: str) -> None:
    error = await mutate_refused(builder, ACTIVATE, quoteId=quote_id)
    assert (error["__typename"], error["path"]) == ("NotFoundError", ["input", "quoteId"])
