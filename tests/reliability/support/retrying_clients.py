"""HTTP clients that create, close and reopen opportunities, and retry with an idempotency key."""

import asyncio
from collections import Counter
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx2

from schema.planner.global_ids import decode_id
from tests.api.support.access import BEARER
from tests.builders import OrganizationBuilder

RETRY_DELAY_SECONDS = 0.05

TIMEOUT_SECONDS = 60.0
"""Time in which the last requests have to be answered."""

RETRIABLE_CODES = {"UNAVAILABLE", "TIMEOUT"}


def mutation_body(mutation: str, selection: str, **input_: Any) -> dict[str, Any]:
    """Return the body of a request for a mutation with this selection of its success."""
    type_ = mutation[0].upper() + mutation[1:]
    document = (
        f"mutation ($input: {type_}Input!) {{ result: {mutation}(input: $input)"
        f" {{ ... on {type_}Success {{ {selection} }} ... on UserError {{ code }} }} }}"
    )
    return {"query": document, "variables": {"input": input_}}


class RetryingClients:
    """Concurrent clients that run until the block ends; each then finishes its current opportunity.

    ``retries`` counts the requests that were sent again.
    """

    def __init__(self, url: str, builder: OrganizationBuilder, clients: int) -> None:
        self.retries = 0
        self._url = url
        self._builder = builder
        self._clients = clients
        self._is_stopping = False
        self._acknowledged: Counter[tuple[str, UUID]] = Counter()

    async def __aenter__(self) -> Self:
        self._http = httpx2.AsyncClient(headers={"authorization": BEARER})
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._clients)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopping = True
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await asyncio.gather(*self._tasks)
        finally:
            await self._http.aclose()

    async def check_effects(self) -> None:
        """Assert that each acknowledged change is stored exactly once, and no other change."""
        dump = await self._builder.dump()
        assert Counter((row.action, row.subject_id) for row in dump["audit"]) == self._acknowledged
        assert len(dump["opportunity"]) == self._number_of("OPPORTUNITY_CREATED") > 0
        assert len(dump["opportunity_close"]) == self._number_of("OPPORTUNITY_CLOSED")
        assert len(dump["event"]) == self._acknowledged.total()

    def _number_of(self, action: str) -> int:
        return sum(times for (done, _), times in self._acknowledged.items() if done == action)

    async def _work(self) -> None:
        while not self._is_stopping:
            await self._create_close_reopen_close()

    async def _create_close_reopen_close(self) -> None:
        draft = {
            "name": "Lock gates",
            "accountId": f"acc_{self._builder.account_id}",
            "contractingUnitId": f"unit_{self._builder.contracting_unit_id}",
            "estimatedRevenue": "10.00",
        }
        id_ = await self._change("createOpportunity", "OPPORTUNITY_CREATED", **draft)
        closing = {"opportunityId": id_, "outcome": {"lost": {}}}
        await self._change("closeOpportunity", "OPPORTUNITY_CLOSED", **closing)
        await self._change("reopenOpportunity", "OPPORTUNITY_REOPENED", opportunityId=id_)
        await self._change("closeOpportunity", "OPPORTUNITY_CLOSED", **closing)

    async def _change(self, mutation: str, action: str, **input_: Any) -> str:
        request = mutation_body(mutation, "opportunity { id }", **input_, idempotencyKey=str(uuid4()))
        result = (await self._data_after_retries(request))["result"]
        assert "opportunity" in result, result
        id_: str = result["opportunity"]["id"]
        self._acknowledged[action, decode_id("opp", id_)] += 1
        return id_

    async def _data_after_retries(self, request: Any) -> Any:
        while (answer := await self._data(request)) is None:
            self.retries += 1
            await asyncio.sleep(RETRY_DELAY_SECONDS)
        return answer

    async def _data(self, request: Any) -> Any:
        """Return the data of the response; None if the request has to be retried."""
        try:
            answer = (await self._http.post(self._url, json=request)).json()
        except httpx2.TransportError:
            return None
        if "errors" in answer:
            assert {error["extensions"]["code"] for error in answer["errors"]} <= RETRIABLE_CODES, answer
            return None
        return answer["data"]
