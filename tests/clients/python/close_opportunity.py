"""Close an opportunity with the client that ariadne-codegen generates. Arguments: URL, token."""

import asyncio
import sys
from typing import Any

from dealdesk_sdk import (  # type: ignore[import-not-found] # generated
    Client,
    CloseOpportunityInput,
    CloseQuotesInput,
    OpportunityOutcomeInput,
    OpportunityState,
    QuoteState,
    QuotesToCloseInput,
    WonInput,
)


async def close_with_quotes(client: Client) -> None:
    found = await client.find_opportunity("Baggage hall conveyor drives")
    opportunity = found.opportunities.nodes[0]
    assert opportunity.state is OpportunityState.OPEN
    assert await close(client, opportunity.id) == "blocked by QUO-1061 rev 0"

    closing = CloseQuotesInput(quotes=QuotesToCloseInput(of_opportunity=opportunity.id))
    closed = (await client.close_quotes(closing)).close_quotes
    assert closed.typename__ == "CloseQuotesSuccess"
    assert [quote.state for quote in closed.closed_quotes.nodes] == [QuoteState.CLOSED, QuoteState.CLOSED]

    assert await close(client, opportunity.id) == "Baggage hall conveyor drives is WON"
    assert await close(client, opportunity.id) == "Baggage hall conveyor drives is WON already"


async def close(client: Client, opportunity_id: str) -> str:
    won = OpportunityOutcomeInput(won=WonInput())
    closing = CloseOpportunityInput(opportunity_id=opportunity_id, outcome=won)
    return describe((await client.close_opportunity(closing)).close_opportunity)


def describe(result: Any) -> str:
    match result.typename__:
        case "CloseOpportunitySuccess":
            return f"{result.opportunity.name} is {result.opportunity.state.value}"
        case "ActiveQuotesError":
            quotes = (f"{quote.number} rev {quote.revision}" for quote in result.blocking_quotes.nodes)
            return f"blocked by {', '.join(quotes)}"
        case "OpportunityAlreadyClosedError":
            return f"{result.opportunity.name} is {result.opportunity.state.value} already"
        case _:
            return f"{result.code}: {result.message}"


async def main(url: str, token: str) -> None:
    async with Client(url, headers={"Authorization": f"Bearer {token}"}) as client:
        await close_with_quotes(client)


asyncio.run(main(*sys.argv[1:]))
