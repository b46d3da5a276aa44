"""Two servers on one PostgreSQL keep the invariants of the stored rows."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from db.domain.enums import QuoteState
from tests.api.support.access import BEARER
from tests.builders import OrganizationBuilder
from tests.db.invariants import invalid_closings, invalid_quote_closes, invalid_revisions, invalid_wins
from tests.db.races.race import EXPECTED_CODES
from tests.reliability.support.retrying_clients import mutation_body
from tests.reliability.support.server_process import server_process

Mutation = tuple[str, dict[str, Any]]

CONCURRENT_MUTATIONS = 20


@pytest.mark.parametrize("rounds", [200, pytest.param(10_000, marks=pytest.mark.long)])
async def test_two_servers_on_one_database_keep_the_invariants(
    builder: OrganizationBuilder, postgresql_url: str, tmp_path: Path, rounds: int
) -> None:
    with server_process(postgresql_url, tmp_path) as one, server_process(postgresql_url, tmp_path) as other:
        await asyncio.gather(one.wait_until_listening(), other.wait_until_listening())
        async with httpx2.AsyncClient(headers={"authorization": BEARER}, timeout=30) as http:
            mutations = [
                mutation for _ in range(rounds) for mutation in await mutations_of_new_opportunity(builder)
            ]
            results: Counter[tuple[str, str | None]] = Counter()
            for start in range(0, len(mutations), CONCURRENT_MUTATIONS):
                batch = mutations[start : start + CONCURRENT_MUTATIONS]
                results.update(
                    await asyncio.gather(
                        *(send(http, random.choice((one, other)).url, *mutation) for mutation in batch)
                    )
                )

    for found in (invalid_closings, invalid_wins, invalid_quote_closes, invalid_revisions):
        assert await found(builder) == []
    assert len((await builder.dump())["opportunity_close"]) == results["closeOpportunity", None]
    assert {code for _, code in results} == {None, *EXPECTED_CODES}


async def mutations_of_new_opportunity(builder: OrganizationBuilder) -> list[Mutation]:
    """Return ten mutations of a new opportunity with two drafts and an active quote, and their inputs."""
    opportunity_id = await builder.opportunity()
    drafts = [await builder.quote(opportunity_id) for _ in range(2)]
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    of_opportunity = {"opportunityId": f"opp_{opportunity_id}"}
    of_active = {"quoteId": f"quo_{active}"}
    mutations: list[Mutation] = [
        *(("activateQuote", {"quoteId": f"quo_{draft}"}) for draft in drafts),
        ("closeOpportunity", {**of_opportunity, "outcome": {"won": {}}}),
        ("closeOpportunity", {**of_opportunity, "outcome": {"lost": {}}}),
        ("closeQuotes", {"quotes": {"ofOpportunity": f"opp_{opportunity_id}"}}),
        *(("reopenOpportunity", of_opportunity) for _ in range(2)),
        ("winQuote", of_active),
        ("reviseQuote", of_active),
        ("deleteDraftQuote", {"quoteId": f"quo_{drafts[0]}"}),
    ]
    random.shuffle(mutations)
    return mutations


async def send(
    http: httpx2.AsyncClient, url: str, mutation: str, input_: dict[str, Any]
) -> tuple[str, str | None]:
    """Return the mutation, and the code of its refusal, if any."""
    answer = (await http.post(url, json=mutation_body(mutation, "__typename", **input_))).json()
    assert "errors" not in answer, answer
    return mutation, answer["data"]["result"].get("code")
