"""A listener that receives the responses of a subscription in the background."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import orjson
from graphql import OperationType

from db import models
from db.sql.statements import insert_statement
from schema.execution.executor import Executor, Request
from schema.execution.response import Response
from tests.builders import NOW, OrganizationBuilder

ALL = "subscription($after: String) { opportunitiesChanged(after: $after) { eventId opportunity { id } } }"
"""Every event of the organization, with its opportunity's id."""

CLOSE = (
    "mutation($id: ID!) { closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) { __typename } }"
)

TIMEOUT_SECONDS = 20.0
"""The time after which a test without events fails."""

_EVENT = insert_statement(models.Event)


class Listener:
    """Collects the responses of one subscription."""

    def __init__(self, source: AsyncGenerator[Response, None]) -> None:
        self.responses: list[Any] = []
        self._source = source
        self._received = asyncio.Event()

    @property
    def events(self) -> list[Any]:
        """The events of all responses."""
        return [event for response in self.responses for event in response["data"].values()]

    async def listen(self) -> None:
        """Receive responses until they end."""
        async for response in self._source:
            self.responses.append(orjson.loads(response.body))
            self._received.set()

    async def wait_for_events(self, number: int) -> list[Any]:
        """Wait until there are ``number`` events, and return all."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while len(self.responses) < number:
                await self._received.wait()
                self._received.clear()
        return self.events

    async def wait_for_opportunity_ids(self, number: int) -> list[UUID]:
        """Wait until there are ``number`` events, and return the opportunities' ids of all."""
        events = await self.wait_for_events(number)
        return [UUID(event["opportunity"]["id"].removeprefix("opp_")) for event in events]


@asynccontextmanager
async def subscribed(
    executor: Executor, builder: OrganizationBuilder, query: str = ALL, *, last: str = "", **variables: Any
) -> AsyncIterator[Listener]:
    """Listen while the block runs. It starts when the subscription is accepted or refused."""
    listener = Listener(stream(executor, builder, query, last=last, **variables))
    before = executor.feed.subscribers
    task = asyncio.create_task(listener.listen())
    await wait_until(lambda: executor.feed.subscribers > before or task.done())
    try:
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds that no event announces."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not holds():  # noqa: ASYNC110 - no event announces it
            await asyncio.sleep(0.001)


async def stream(
    executor: Executor, builder: OrganizationBuilder, query: str = ALL, *, last: str = "", **variables: Any
) -> AsyncGenerator[Response, None]:
    """Subscribe as the builder's caller, and return the responses."""
    request = Request(query, variables, operation_types=frozenset(OperationType), id="r1")
    async with aclosing(await executor.stream(request, lambda: builder.caller, last)) as responses:
        async for response in responses:
            yield response


async def write_events(executor: Executor, builder: OrganizationBuilder, *opportunity_ids: UUID) -> None:
    """Insert one event for each opportunity, in one transaction."""
    event = {"organization_id": builder.organization_id, "kind": "QUOTES_CLOSED", "at": NOW}
    async with builder.database.transaction() as transaction:
        for opportunity_id in opportunity_ids:
            await transaction.execute(_EVENT, opportunity_id=opportunity_id, **event)
    executor.feed.notify()
