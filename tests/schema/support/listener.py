"""Subscriptions listened to in the background, and what they are told."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
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
"""Seconds until a test that hears nothing fails."""

_EVENT = insert_statement(models.Event)


class Listener:
    """Hears the answers to one subscription."""

    def __init__(self, answers: AsyncGenerator[Response, None]) -> None:
        self.responses: list[Any] = []
        self._coming = answers
        self._more = asyncio.Event()

    @property
    def events(self) -> list[Any]:
        """What was told, without the wrapping."""
        return [event for answer in self.responses for event in answer["data"].values()]

    async def listen(self) -> None:
        """Hear answers until they end."""
        async for answer in self._coming:
            self.responses.append(orjson.loads(answer.body))
            self._more.set()

    async def wait_for_events(self, number: int) -> list[Any]:
        """Wait for so many events, and return all that were told."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while len(self.responses) < number:
                await self._more.wait()
                self._more.clear()
        return self.events

    async def wait_for_opportunity_ids(self, number: int) -> list[UUID]:
        """Wait for so many events, and return the opportunities of all that were told."""
        events = await self.wait_for_events(number)
        return [UUID(event["opportunity"]["id"].removeprefix("opp_")) for event in events]


@asynccontextmanager
async def subscribed(
    executor: Executor, builder: OrganizationBuilder, query: str = ALL, *, last: str = "", **variables: Any
) -> AsyncIterator[Listener]:
    """Listen while the block runs; it begins when the listener has been taken in, or refused."""
    listener = Listener(stream(executor, builder, query, last=last, **variables))
    present = executor.feed.subscribers
    task = asyncio.create_task(listener.listen())
    await wait_until(lambda: executor.feed.subscribers > present or task.done())
    try:
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that nobody tells of."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not holds():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.001)


def stream(
    executor: Executor, builder: OrganizationBuilder, query: str = ALL, *, last: str = "", **variables: Any
) -> AsyncGenerator[Response, None]:
    """Subscribe on behalf of the organization's caller."""
    request = Request(query, variables, operations=frozenset(OperationType), id="r1")
    return executor.stream(request, lambda: builder.caller, last)


async def write_events(executor: Executor, builder: OrganizationBuilder, *opportunity_ids: UUID) -> None:
    """Write one event for each, in one transaction."""
    event = {"organization_id": builder.organization_id, "kind": "QUOTES_CLOSED", "at": NOW}
    async with builder.database.transaction() as transaction:
        for opportunity_id in opportunity_ids:
            await transaction.execute(_EVENT, opportunity_id=opportunity_id, **event)
    executor.feed.notify()
