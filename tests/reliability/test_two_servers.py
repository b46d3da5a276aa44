"""Two servers on one PostgreSQL: whatever each of their clients is told, what is stored obeys the rules."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from db.domain.enums import QuoteState
from db.sql.database import Database
from tests.api.support.access import BEARER, store_token
from tests.builders import OrganizationBuilder
from tests.db.invariants import invalid_closings, invalid_quote_closes, invalid_revisions, invalid_wins
from tests.db.races.race import EXPECTED_CODES
from tests.reliability.support.sellers import sent
from tests.reliability.support.server_process import serving

Act = tuple[str, dict[str, Any]]

AT_ONCE = 20
"""Acts, of some rounds."""


@pytest.mark.parametrize("rounds", [200, pytest.param(10_000, marks=pytest.mark.long)])
async def test_two_servers_on_one_database_leave_nothing_bad(
    postgresql: Database, postgresql_url: str, tmp_path: Path, rounds: int
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    await store_token(builder)
    with serving(postgresql_url, tmp_path) as one, serving(postgresql_url, tmp_path) as other:
        await asyncio.gather(one.listens(), other.listens())
        async with httpx2.AsyncClient(headers={"authorization": BEARER}, timeout=30) as http:
            acts = [act for _ in range(rounds) for act in await acts_on_a_deal(builder)]
            told: Counter[tuple[str, str | None]] = Counter()
            for start in range(0, len(acts), AT_ONCE):
                batch = acts[start : start + AT_ONCE]
                told.update(
                    await asyncio.gather(
                        *(tell(http, random.choice((one, other)).url, *act) for act in batch)
                    )
                )

    for found in (invalid_closings, invalid_wins, invalid_quote_closes, invalid_revisions):
        assert await found(builder) == []
    assert len((await builder.dump())["opportunity_close"]) == told["closeOpportunity", None]
    assert {code for _, code in told} == {None, *EXPECTED_CODES}


async def acts_on_a_deal(builder: OrganizationBuilder) -> list[Act]:
    """Return ten mutations of a new opportunity with two drafts and an active quote, and their inputs."""
    opportunity_id = await builder.opportunity()
    drafts = [await builder.quote(opportunity_id) for _ in range(2)]
    active = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    of_opportunity = {"opportunityId": f"opp_{opportunity_id}"}
    of_active = {"quoteId": f"quo_{active}"}
    acts: list[Act] = [
        *(("activateQuote", {"quoteId": f"quo_{draft}"}) for draft in drafts),
        ("closeOpportunity", {**of_opportunity, "outcome": {"won": {}}}),
        ("closeOpportunity", {**of_opportunity, "outcome": {"lost": {}}}),
        ("closeQuotes", {"quotes": {"ofOpportunity": f"opp_{opportunity_id}"}}),
        *(("reopenOpportunity", of_opportunity) for _ in range(2)),
        ("winQuote", of_active),
        ("reviseQuote", of_active),
        ("deleteDraftQuote", {"quoteId": f"quo_{drafts[0]}"}),
    ]
    random.shuffle(acts)
    return acts


async def tell(
    http: httpx2.AsyncClient, url: str, mutation: str, input_: dict[str, Any]
) -> tuple[str, str | None]:
    """Return the mutation, and the code of the refusal if it was one."""
    answer = (await http.post(url, json=sent(mutation, "__typename", **input_))).json()
    assert "errors" not in answer, answer
    return mutation, answer["data"]["result"].get("code")
