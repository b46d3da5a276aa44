"""Amounts are shown exactly, and missing ones as null."""

from decimal import Decimal
from typing import Any

import pytest

from db.domain.money import MAX_AMOUNT
from tests.builders import OrganizationBuilder
from tests.schema.planner.edge_values import AMOUNTS
from tests.schema.support.client import Client, PlannedClient
from tests.schema.support.mutate import mutate

QUOTE = """
query ($id: ID!) { quote(id: $id) {
  customerBudget { amount } isOverBudget total { amount } winning { contractTotal { amount } }
  lines(first: 100) { nodes { customerBudget { amount } notToExceed { amount } unitPrice { amount } } }
} }
"""


@pytest.mark.parametrize("client_type", [PlannedClient, Client])
async def test_a_missing_amount_is_null(builder: OrganizationBuilder, client_type: type[Client]) -> None:
    client = client_type(builder.database, builder.caller)
    opportunity_id = await builder.opportunity()
    quote_id = await builder.quote(opportunity_id)
    answer = await client.data(
        """query ($account: ID!, $opportunity: ID!) {
             account: node(id: $account) { ... on Account { annualRevenue } }
             opportunity(id: $opportunity) { actualRevenue { amount } }
             accounts { nodes { annualRevenue } }
           }""",
        account=f"acc_{builder.account_id}",
        opportunity=f"opp_{opportunity_id}",
    )
    assert answer == {
        "account": {"annualRevenue": None},
        "opportunity": {"actualRevenue": None},
        "accounts": {"nodes": [{"annualRevenue": None}]},
    }
    quote = (await client.data(QUOTE, id=f"quo_{quote_id}"))["quote"]
    assert (quote["customerBudget"], quote["isOverBudget"]) == (None, None)
    assert quote["lines"]["nodes"] == [
        {"customerBudget": None, "notToExceed": None, "unitPrice": {"amount": "1000.00"}}
    ]


async def test_a_missing_amount_is_null_in_the_answer_of_a_mutation(builder: OrganizationBuilder) -> None:
    created: Any = await mutate(
        builder,
        """mutation ($input: CreateAccountInput!) { createAccount(input: $input) {
             ... on CreateAccountSuccess { account { name annualRevenue } }
           } }""",
        name="Blue Harbour",
    )
    assert created == {"account": {"name": "Blue Harbour", "annualRevenue": None}}


@pytest.mark.parametrize("amount", [*AMOUNTS, Decimal("108266708308.12")])
async def test_amounts_and_their_sums_are_exact(builder: OrganizationBuilder, amount: Decimal) -> None:
    budgets = [*[{"customer_budget": MAX_AMOUNT}] * 85, {"customer_budget": amount}]
    quote_id = await builder.quote(await builder.opportunity(), lines=budgets)
    client = PlannedClient(builder.database, builder.caller)
    quote = (await client.data(QUOTE, id=f"quo_{quote_id}"))["quote"]
    assert quote["customerBudget"] == {"amount": str(85 * MAX_AMOUNT + amount)}
    assert quote["lines"]["nodes"][-1]["customerBudget"] == {"amount": str(amount)}
    assert quote["winning"] == {"contractTotal": {"amount": "86000.00"}}
