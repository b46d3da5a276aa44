"""Clients that create, close and reopen deals over HTTP, and send again what was not answered."""

import asyncio
from collections import Counter
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx2

from schema.planner.global_ids import decode_id
from tests.api.support.access import BEARER
from tests.builders import OrganizationBuilder

PAUSE = 0.05
"""Seconds after which something is sent again."""

PATIENCE = 60.0
"""Seconds until a test fails in which something is never answered."""

AGAIN = {"UNAVAILABLE", "TIMEOUT"}
"""With these codes it is known, or said to be safe, that the same may be sent again with its key."""


def sent(mutation: str, selection: str, **input_: Any) -> dict[str, Any]:
    """Return the body of a request for a mutation, with what is selected of its success."""
    type_ = mutation[0].upper() + mutation[1:]
    document = (
        f"mutation ($input: {type_}Input!) {{ result: {mutation}(input: $input)"
        f" {{ ... on {type_}Success {{ {selection} }} ... on UserError {{ code }} }} }}"
    )
    return {"query": document, "variables": {"input": input_}}


class Sellers:
    """So many clients at once, until the block ends; then each ends the deal that it has begun.

    ``sent_again`` is how often something had to be.
    """

    def __init__(self, url: str, builder: OrganizationBuilder, clients: int) -> None:
        self.sent_again = 0
        self._url = url
        self._builder = builder
        self._clients = clients
        self._goes_home = False
        self._acknowledged: Counter[tuple[str, UUID]] = Counter()

    async def __aenter__(self) -> Self:
        self._http = httpx2.AsyncClient(headers={"authorization": BEARER})
        self._working = [asyncio.create_task(self._work()) for _ in range(self._clients)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._goes_home = True
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*self._working)
        finally:
            await self._http.aclose()

    async def check_effects(self) -> None:
        """See that every change that was acknowledged is there once, and nothing else is.

        Raises:
            AssertionError: one is lost, or doubled.
        """
        dump = await self._builder.dump()
        assert Counter((row.action, row.subject_id) for row in dump["audit"]) == self._acknowledged
        assert len(dump["opportunity"]) == self._of("OPPORTUNITY_CREATED") > 0
        assert len(dump["opportunity_close"]) == self._of("OPPORTUNITY_CLOSED")
        assert len(dump["event"]) == self._acknowledged.total()

    def _of(self, action: str) -> int:
        return sum(times for (done, _), times in self._acknowledged.items() if done == action)

    async def _work(self) -> None:
        while not self._goes_home:
            await self._make_a_deal()

    async def _make_a_deal(self) -> None:
        account = f"acc_{self._builder.account_id}"
        unit = f"unit_{self._builder.contracting_unit_id}"
        draft = {
            "name": "Lock gates",
            "accountId": account,
            "contractingUnitId": unit,
            "estimatedRevenue": "10.00",
        }
        id_ = await self._change("createOpportunity", "OPPORTUNITY_CREATED", **draft)
        closing = {"opportunityId": id_, "outcome": {"lost": {}}}
        await self._change("closeOpportunity", "OPPORTUNITY_CLOSED", **closing)
        await self._change("reopenOpportunity", "OPPORTUNITY_REOPENED", opportunityId=id_)
        await self._change("closeOpportunity", "OPPORTUNITY_CLOSED", **closing)

    async def _change(self, mutation: str, action: str, **input_: Any) -> str:
        request = sent(mutation, "opportunity { id }", **input_, idempotencyKey=str(uuid4()))
        result = (await self._answer(request))["result"]
        assert "opportunity" in result, result
        id_: str = result["opportunity"]["id"]
        self._acknowledged[action, decode_id("opp", id_)] += 1
        return id_

    async def _answer(self, request: Any) -> Any:
        while (answer := await self._data(request)) is None:
            self.sent_again += 1
            await asyncio.sleep(PAUSE)
        return answer

    async def _data(self, request: Any) -> Any:
        """Return the data of the answer; None where there is none, and the same may be sent again."""
        try:
            answer = (await self._http.post(self._url, json=request)).json()
        except httpx2.TransportError:
            return None
        if "errors" in answer:
            assert {error["extensions"]["code"] for error in answer["errors"]} <= AGAIN, answer
            return None
        return answer["data"]
