from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from db.domain.enums import OpportunityState, QuoteState
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client
from tests.schema.support.mutate import mutate, mutate_refused

WIN = """
mutation ($input: WinQuoteInput!) {
  winQuote(input: $input) {
    __typename
    ... on WinQuoteSuccess {
      quote {
        state statusReason version opportunity { state }
        close { reason closedOn description closedBy { name } }
      }
      projectContract {
        name state total { amount currencyCode } quote { number }
        lines { nodes { position name total { amount } } }
      }
      closedQuotes { nodes { number state statusReason } totalCount }
    }
    ... on StaleVersionError { currentVersion node { ... on Quote { state } } }
    ... on UserError { code message path }
  }
}
"""
PREVIEW = """
query ($id: ID!) {
  quote(id: $id) {
    winning {
      canWin wonQuote { number } contractTotal { amount currencyCode }
      quotesToClose { nodes { number } totalCount }
    }
  }
}
"""


async def preview(builder: OrganizationBuilder, quote_id: UUID) -> Any:
    data = await Client(builder.database, builder.caller).data(PREVIEW, id=f"quo_{quote_id}")
    return data["quote"]["winning"]


async def test_a_won_quote_becomes_a_contract_and_the_others_are_lost(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    lines = ({"name": "Crane"}, {"name": "Cable", "unit_price": Decimal("0.50")})
    won = await builder.quote(
        opportunity_id, state=QuoteState.ACTIVE, number="QUO-2", name="Cranes", lines=lines
    )
    await builder.quote(opportunity_id, number="QUO-1")
    winning = {"closedOn": "2026-11-20", "description": "Signed.", "expectedVersion": 1}
    assert await mutate(builder, WIN, quoteId=f"quo_{won}", **winning) == {
        "__typename": "WinQuoteSuccess",
        "quote": {
            "state": "WON",
            "statusReason": "WON",
            "version": 2,
            "opportunity": {"state": "OPEN"},
            "close": {
                "reason": "WON",
                "closedOn": "2026-11-20",
                "description": "Signed.",
                "closedBy": {"name": "Ada Quill"},
            },
        },
        "projectContract": {
            "name": "Cranes",
            "state": "DRAFT",
            "total": {"amount": "1000.50", "currencyCode": "EUR"},
            "quote": {"number": "QUO-2"},
            "lines": {
                "nodes": [
                    {"position": 1, "name": "Crane", "total": {"amount": "1000.00"}},
                    {"position": 2, "name": "Cable", "total": {"amount": "0.50"}},
                ]
            },
        },
        "closedQuotes": {
            "nodes": [{"number": "QUO-1", "state": "CLOSED", "statusReason": "LOST"}],
            "totalCount": 1,
        },
    }


async def test_the_preview_shows_what_winning_would_do(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE, number="QUO-1")
    await builder.quote(opportunity_id, number="QUO-2")
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE, number="QUO-3")
    await builder.quote(opportunity_id, state=QuoteState.CLOSED, number="QUO-4")
    await builder.quote(await builder.opportunity(), state=QuoteState.WON, number="QUO-5")
    before = await builder.dump()
    assert await preview(builder, active) == {
        "canWin": True,
        "wonQuote": None,
        "contractTotal": {"amount": "1000.00", "currencyCode": "EUR"},
        "quotesToClose": {"nodes": [{"number": "QUO-2"}, {"number": "QUO-3"}], "totalCount": 2},
    }
    assert await builder.dump() == before


async def test_the_preview_names_the_quote_that_is_already_won(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    await builder.quote(opportunity_id, state=QuoteState.WON, number="QUO-6")
    shown = await preview(builder, active)
    assert (shown["canWin"], shown["wonQuote"]) == (False, {"number": "QUO-6"})
    error = await mutate_refused(builder, WIN, quoteId=f"quo_{active}")
    assert (error["__typename"], error["code"]) == ("OperationError", "ANOTHER_QUOTE_WON")


@pytest.mark.parametrize("state", [QuoteState.DRAFT, QuoteState.WON, QuoteState.CLOSED])
async def test_only_an_active_quote_can_be_won(builder: OrganizationBuilder, state: QuoteState) -> None:
    quote_id = await builder.quote(await builder.opportunity(state=OpportunityState.LOST), state=state)
    assert (await preview(builder, quote_id))["canWin"] is False
    error = await mutate_refused(builder, WIN, quoteId=f"quo_{quote_id}")
    assert (error["code"], error["path"]) == ("QUOTE_NOT_ACTIVE", ["input", "quoteId"])


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("closedOn", "2026-11-24", "CLOSED_ON_IN_FUTURE"),
        ("closedOn", "2026-10-01", "CLOSED_ON_BEFORE_CREATION"),
        ("description", 2_001 * "x", "DESCRIPTION_TOO_LONG"),
    ],
)
async def test_an_invalid_win_is_refused_with_its_code(
    builder: OrganizationBuilder, field: str, value: str, code: str
) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE)
    error = await mutate_refused(builder, WIN, quoteId=f"quo_{quote_id}", **{field: value})
    assert (error["__typename"], error["code"], error["path"]) == ("OperationError", code, ["input", field])


async def test_winning_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE, version=4)
    error = await mutate_refused(builder, WIN, quoteId=f"quo_{quote_id}", expectedVersion=3)
    assert (error["__typename"], error["currentVersion"]) == ("StaleVersionError", 4)
    assert error["node"] == {"state": "ACTIVE"}


@pytest.mark.parametrize("quote_id", [f"quo_{new_id()}", "quo"])
async def test_winning_a_missing_quote_is_not_found(builder: OrganizationBuilder, quote_id: str) -> None:
    error = await mutate_refused(builder, WIN, quoteId=quote_id)
    assert (error["__typename"], error["path"]) == ("NotFoundError", ["input", "quoteId"])


BUDGET = "query ($id: ID!) { quote(id: $id) { customerBudget { amount currencyCode } isOverBudget } }"


@pytest.mark.parametrize(
    ("budgets", "answer"),
    [
        ((None, None), {"customerBudget": None, "isOverBudget": None}),
        (
            ("150.00", None),
            {"customerBudget": {"amount": "150.00", "currencyCode": "EUR"}, "isOverBudget": True},
        ),
        (
            ("150.00", "50.00"),
            {"customerBudget": {"amount": "200.00", "currencyCode": "EUR"}, "isOverBudget": False},
        ),
    ],
)
async def test_a_quotes_total_is_compared_with_the_customers_budget(
    builder: OrganizationBuilder, budgets: tuple[str | None, ...], answer: dict[str, Any]
) -> None:
    lines = [
        {
            "kind": "PROJECT",
            "billing_method": "FIXED_PRICE",
            "unit_price": Decimal("100.00"),
            "customer_budget": budget and Decimal(budget),
        }
        for budget in budgets
    ]
    quote_id = await builder.quote(await builder.opportunity(), lines=lines)
    data = await Client(builder.database, builder.caller).data(BUDGET, id=f"quo_{quote_id}")
    assert data["quote"] == answer
