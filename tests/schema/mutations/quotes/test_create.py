from decimal import Decimal
from typing import Any

import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

CREATE = """
mutation ($input: CreateQuoteInput!) {
  createQuote(input: $input) {
    __typename
    ... on CreateQuoteSuccess {
      quote {
        number revision name state statusReason total { amount currencyCode } effectiveFrom effectiveTo
        version lines { nodes { position name total { amount } } }
      }
    }
    ... on OpportunityAlreadyClosedError { opportunity { state } }
    ... on UserError { code message path }
  }
}
"""
DELETE = """
mutation ($input: DeleteDraftQuoteInput!) {
  deleteDraftQuote(input: $input) {
    __typename
    ... on DeleteDraftQuoteSuccess { deletedQuoteId opportunity { quotes { totalCount } } }
    ... on StaleVersionError { currentVersion node { ... on Quote { state } } }
    ... on UserError { code message path }
  }
}
"""


async def test_a_new_quote_is_an_empty_draft(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, number="QUO-1043")
    draft = {"opportunityId": f"opp_{opportunity_id}", "name": "Cranes", "effectiveTo": "2026-12-31"}
    assert await mutate(builder, CREATE, **draft) == {
        "__typename": "CreateQuoteSuccess",
        "quote": {
            "number": "QUO-1044",
            "revision": 0,
            "name": "Cranes",
            "state": "DRAFT",
            "statusReason": "DRAFT_IN_PROGRESS",
            "total": {"amount": "0.00", "currencyCode": "EUR"},
            "effectiveFrom": None,
            "effectiveTo": "2026-12-31",
            "version": 1,
            "lines": {"nodes": []},
        },
    }


async def test_a_new_quote_copies_the_lines_of_another_one(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    lines = ({"name": "Crane"}, {"name": "Cable", "unit_price": Decimal("0.50")})
    source = await builder.quote(opportunity_id, state=QuoteState.CLOSED, lines=lines)
    draft = {"opportunityId": f"opp_{opportunity_id}", "name": "Again", "number": "2026/7"}
    quote = (await mutate(builder, CREATE, **draft, copyLinesFrom=f"quo_{source}"))["quote"]
    assert (quote["number"], quote["total"]["amount"]) == ("2026/7", "1000.50")
    assert quote["lines"]["nodes"] == [
        {"position": 1, "name": "Crane", "total": {"amount": "1000.00"}},
        {"position": 2, "name": "Cable", "total": {"amount": "0.50"}},
    ]


async def test_creating_a_quote_on_a_closed_opportunity_is_refused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(state=OpportunityState.WON)
    error = await mutate_refused(builder, CREATE, opportunityId=f"opp_{opportunity_id}", name="Cranes")
    assert (error["__typename"], error["code"]) == (
        "OpportunityAlreadyClosedError",
        "OPPORTUNITY_ALREADY_CLOSED",
    )
    assert (error["opportunity"], error["path"]) == ({"state": "WON"}, ["input", "opportunityId"])


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("opportunityId", f"opp_{new_id()}", "NOT_FOUND"),
        ("opportunityId", "opp", "NOT_FOUND"),
        ("copyLinesFrom", f"quo_{new_id()}", "NOT_FOUND"),
        ("copyLinesFrom", "", "NOT_FOUND"),
        ("name", " ", "NAME_EMPTY"),
        ("number", "QUO-7", "QUOTE_NUMBER_TAKEN"),
        ("effectiveTo", "2026-11-30", "EFFECTIVE_DATES_REVERSED"),
    ],
)
async def test_an_invalid_creation_is_refused_with_its_code(
    builder: OrganizationBuilder, field: str, value: str, code: str
) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, number="QUO-7")
    draft = {"opportunityId": f"opp_{opportunity_id}", "name": "Cranes", "effectiveFrom": "2026-12-01"}
    error = await mutate_refused(builder, CREATE, **{**draft, field: value})
    assert error["__typename"] == ("NotFoundError" if code == "NOT_FOUND" else "OperationError")
    assert (error["code"], error["path"]) == (code, ["input", field])


async def test_a_deleted_draft_cannot_be_found(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    quote_id = await builder.quote(opportunity_id)
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    deletion: dict[str, Any] = {"quoteId": f"quo_{quote_id}", "expectedVersion": 1, "idempotencyKey": "one"}
    for _ in range(2):
        assert await mutate(builder, DELETE, **deletion) == {
            "__typename": "DeleteDraftQuoteSuccess",
            "deletedQuoteId": f"quo_{quote_id}",
            "opportunity": {"quotes": {"totalCount": 1}},
        }


async def test_only_a_draft_can_be_deleted(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    error = await mutate_refused(builder, DELETE, quoteId=f"quo_{quote_id}")
    assert (error["__typename"], error["code"], error["path"]) == (
        "OperationError",
        "QUOTE_NOT_DRAFT",
        ["input", "quoteId"],
    )


async def test_deleting_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), version=4)
    error = await mutate_refused(builder, DELETE, quoteId=f"quo_{quote_id}", expectedVersion=3)
    assert (error["__typename"], error["currentVersion"]) == ("StaleVersionError", 4)
    assert error["node"] == {"state": "DRAFT"}


@pytest.mark.parametrize("quote_id", [f"quo_{new_id()}", "quo_7"])
async def test_deleting_a_missing_quote_is_not_found(builder: OrganizationBuilder, quote_id: str) -> None:
    error = await mutate_refused(builder, DELETE, quoteId=quote_id)
    assert (error["__typename"], error["path"]) == ("NotFoundError", ["input", "quoteId"])
