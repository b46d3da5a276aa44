"""The preview of closing an opportunity agrees with closing it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, update

from db import models
from db.domain.enums import OpportunityState, QuoteState, SeededReason
from db.domain.ids import new_id
from db.sql.statements import Statement
from db.sql.tables import table_of
from tests.builders import NOW, OrganizationBuilder
from tests.schema.support.client import Client
from tests.schema.support.mutate import mutate, mutate_refused

PREVIEW = """
query ($id: ID!) {
  opportunity(id: $id) {
    closing {
      canClose
      blockingQuotes { totalCount nodes { number isExpired } }
      draftQuotes { totalCount nodes { number } }
      won { statusReason { label } closedOn actualRevenue { amount currencyCode } }
      lost { statusReason { label } statusReasonWithCompetitor { label } closedOn }
    }
  }
}
"""
CLOSE = """
mutation ($input: CloseOpportunityInput!) {
  closeOpportunity(input: $input) {
    __typename
    ... on CloseOpportunitySuccess {
      opportunity { quotes { nodes { number state } } }
      opportunityClose { statusReason { label } closedOn actualRevenue { amount currencyCode } }
    }
    ... on ActiveQuotesError { blockingQuotes { totalCount nodes { number isExpired } } }
    ... on UserError { code }
  }
}
"""

TODAY = "2026-11-23"


async def preview(builder: OrganizationBuilder, opportunity_id: UUID) -> Any:
    data = await Client(builder.database, builder.caller).data(PREVIEW, id=f"opp_{opportunity_id}")
    return data["opportunity"]["closing"]


@pytest.mark.parametrize(
    ("quote", "revenue"),
    [
        ({"state": QuoteState.DRAFT}, "5000.00"),
        ({"state": QuoteState.CLOSED}, "5000.00"),
        ({"state": QuoteState.WON, "lines": [{"unit_price": Decimal("77.10")}]}, "77.10"),
    ],
)
async def test_closing_uses_the_defaults_of_the_preview(
    builder: OrganizationBuilder, quote: Mapping[str, Any], revenue: str
) -> None:
    won, canceled, outsold = [await builder.opportunity() for _ in range(3)]
    for opportunity_id in (won, canceled, outsold):
        await builder.quote(opportunity_id, **quote)

    shown = await preview(builder, won)
    assert shown["canClose"] is True
    assert shown["won"]["actualRevenue"] == {"amount": revenue, "currencyCode": "EUR"}
    lost = {"closedOn": shown["lost"]["closedOn"], "actualRevenue": None}
    competitor = {"competitorId": f"cmp_{builder.competitor_id}"}
    for opportunity_id, outcome, expected in (
        (won, {"won": {}}, shown["won"]),
        (canceled, {"lost": {}}, {**lost, "statusReason": shown["lost"]["statusReason"]}),
        (
            outsold,
            {"lost": competitor},
            {**lost, "statusReason": shown["lost"]["statusReasonWithCompetitor"]},
        ),
    ):
        closed = await mutate(builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome=outcome)
        assert closed["opportunityClose"] == expected


async def test_the_seeded_reasons_and_today_are_the_defaults(builder: OrganizationBuilder) -> None:
    shown = await preview(builder, await builder.opportunity())
    assert shown["won"] == {
        "statusReason": {"label": "Won"},
        "closedOn": TODAY,
        "actualRevenue": {"amount": "5000.00", "currencyCode": "EUR"},
    }
    assert shown["lost"] == {
        "statusReason": {"label": "Canceled"},
        "statusReasonWithCompetitor": {"label": "Out-Sold"},
        "closedOn": TODAY,
    }


async def test_the_blocking_quotes_are_those_of_the_refusal(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    yesterday = NOW.date().replace(day=22)
    await builder.quote(opportunity_id, number="QUO-1", state=QuoteState.ACTIVE, effective_to=yesterday)
    await builder.quote(opportunity_id, number="QUO-2", state=QuoteState.ACTIVE)
    await builder.quote(opportunity_id, number="QUO-3")

    shown = await preview(builder, opportunity_id)
    assert shown["canClose"] is False
    assert shown["blockingQuotes"] == {
        "totalCount": 2,
        "nodes": [{"number": "QUO-1", "isExpired": True}, {"number": "QUO-2", "isExpired": False}],
    }
    error = await mutate_refused(builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"won": {}})
    assert (error["__typename"], error["blockingQuotes"]) == ("ActiveQuotesError", shown["blockingQuotes"])


async def test_drafts_are_listed_and_stay_drafts(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, number="QUO-1")
    await builder.quote(opportunity_id, number="QUO-2", state=QuoteState.CLOSED)

    shown = await preview(builder, opportunity_id)
    assert (shown["canClose"], shown["draftQuotes"]) == (
        True,
        {"totalCount": 1, "nodes": [{"number": "QUO-1"}]},
    )
    closed = await mutate(builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"won": {}})
    assert closed["opportunity"]["quotes"]["nodes"] == [
        {"number": "QUO-1", "state": "DRAFT"},
        {"number": "QUO-2", "state": "CLOSED"},
    ]


@pytest.mark.parametrize("state", [OpportunityState.WON, OpportunityState.LOST])
async def test_a_closed_opportunity_cannot_be_closed(
    builder: OrganizationBuilder, state: OpportunityState
) -> None:
    opportunity_id = await builder.opportunity(state=state)
    assert (await preview(builder, opportunity_id))["canClose"] is False
    error = await mutate_refused(builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"won": {}})
    assert error["code"] == "OPPORTUNITY_ALREADY_CLOSED"


async def test_a_retired_default_is_null(builder: OrganizationBuilder) -> None:
    table = table_of(models.StatusReason)
    retirement = Statement(update(table).where(table.c.id == bindparam("reason")).values(retired_at=NOW))
    async with builder.database.transaction() as transaction:
        await transaction.execute(retirement, reason=builder.reasons[SeededReason.WON])
    opportunity_id = await builder.opportunity()

    shown = await preview(builder, opportunity_id)
    assert (shown["canClose"], shown["won"]["statusReason"]) == (True, None)
    error = await mutate_refused(builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome={"won": {}})
    assert error["code"] == "INVALID_STATUS_REASON"
    reason_id = new_id()
    await builder.insert(
        models.StatusReason(
            organization_id=builder.organization_id,
            id=reason_id,
            state="WON",
            label="By tender",
            created_at=NOW,
        )
    )
    won = {"won": {"statusReasonId": f"rsn_{reason_id}"}}  # the input that the preview's null asks for
    closed = await mutate(builder, CLOSE, opportunityId=f"opp_{opportunity_id}", outcome=won)
    assert closed["opportunityClose"]["statusReason"] == {"label": "By tender"}
